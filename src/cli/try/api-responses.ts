/** The members of API responses that this command reads. */
export type DeliveryResponse = {
  id: string;
  status: string;
  attempts: number;
  nextAttemptAt: string | null;
  lastOutcome: string | null;
  reason: string | null;
  workflow: { id: string | null; url: string | null };
};
export type EventTypeResponse = {
  type: string;
  description: string;
  example: unknown;
  exampleAttributes: Record<string, string>;
};
export type EventResponse = { id: string; status: string; deliveries: DeliveryResponse[] };
export type AttemptResponse = {
  number: number;
  startedAt: string;
  durationMs: number;
  outcome: string;
  statusCode: number | null;
};
