/** What this command reads of the API's answers. */
export type ShownDelivery = {
  id: string;
  status: string;
  attempts: number;
  nextAttemptAt: string | null;
  lastOutcome: string | null;
  reason: string | null;
  workflow: { id: string | null; url: string | null };
};
export type ShownEventType = {
  type: string;
  description: string;
  example: unknown;
  exampleAttributes: Record<string, string>;
};
export type ShownEvent = { id: string; status: string; deliveries: ShownDelivery[] };
export type ShownAttempt = {
  number: number;
  startedAt: string;
  durationMs: number;
  outcome: string;
  statusCode: number | null;
};
