/** How an endpoint has responded lately. Times as ISO 8601 texts, because they come from JSON. */
export type StoredHealth = {
  failures: number | null;
  firstFailureAt: string | null;
  lastFailureAt: string | null;
  isCoolingDown: boolean;
  /** While something was asked to wait for. */
  notBefore: string | null;
  spacingMs: number | null;
  slowSince: string | null;
  /** The outcome of the attempt for which it was found to be slow, or `slow`. */
  slowCause: string | null;
};

/** SQL: the StoredHealth of the endpoint with the column `id` of the statement around it. */
export const HEALTH_OF_ENDPOINT = `
  (SELECT json_build_object(
     'failures', f.failures, 'firstFailureAt', f.first_failure_at, 'lastFailureAt', f.last_failure_at,
     'isCoolingDown', coalesce(gate.not_before_reason = 'cooldown', false),
     'notBefore', CASE WHEN gate.not_before_reason = 'cooldown' OR gate.not_before > now() THEN gate.not_before END,
     'spacingMs', gate.spacing_ms, 'slowSince', gate.slow_since, 'slowCause', gate.slow_cause)
   FROM (VALUES (NULL)) AS one_row
   LEFT JOIN receiver_failures f ON f.receiver = id
   LEFT JOIN receiver_gates gate ON gate.receiver = id)`;
