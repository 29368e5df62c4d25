import type { Queryable } from '../postgres/database.ts';

export type AuditActor = {
  kind: 'admin' | 'project' | 'consumer';
  /** The id of the API key, or of the key that the session came from; null for the admin key, which has none. */
  keyId: string | null;
  /** The id of the session; null for a call with a key. */
  sessionId: string | null;
  /** The consumer of a consumer key or of a session of the portal. */
  consumer: string | null;
};

/** A call that changes something. It has names and ids only: never a value, a URL or a secret. */
export type AuditEntry = {
  id: string;
  /** Null for a call that concerns no single project. */
  projectId: string | null;
  at: Date;
  actor: AuditActor;
  /** The operation id of the call in the OpenAPI document. */
  action: string;
  subjectType: string;
  /** Null until it is known: a created object gets its id during the call. */
  subjectId: string | null;
  /** The names of the members and parameters that were sent. */
  fields: string[];
  requestId: string;
  /** The status of the response; null if the process died before it was known. */
  status: number | null;
};

const INSERT = `
  INSERT INTO audit_entries (id, project_id, at, actor, key_id, consumer, session_id, action, subject_type, subject_id, fields, request_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

/** Stores an entry before its change begins, so that no change is without one. */
export async function insertAuditEntry(db: Queryable, entry: Omit<AuditEntry, 'status'>): Promise<void> {
  const { kind, keyId, sessionId, consumer } = entry.actor;
  const subject = [entry.subjectType, entry.subjectId];
  const what = [entry.action, ...subject, entry.fields, entry.requestId];
  await db.query(INSERT, [entry.id, entry.projectId, entry.at, kind, keyId, consumer, sessionId, ...what]);
}

const SET_RESULT = `
  UPDATE audit_entries SET status = $2, subject_id = coalesce(subject_id, $3) WHERE id = $1 AND status IS NULL`;

/** Adds the result of the call, once. `subjectId`: the id of what the call created. */
export async function setAuditResult(
  db: Queryable,
  id: string,
  status: number,
  subjectId: string | null,
): Promise<void> {
  await db.query(SET_RESULT, [id, status, subjectId]);
}
