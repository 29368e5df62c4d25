import type { Request } from 'express';
import { type AuditActor, insertAuditEntry, setAuditResult } from '../../store/audit/audit-entries.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import type { AuthenticatedCaller } from '../auth/authentication.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { Route, RouteResponse } from '../http/route.ts';
import { problemOf } from '../problems/failures.ts';
import { subjectOf } from './audit-subject.ts';

export type ChangingCall = {
  route: Pick<Route, 'path' | 'operationId'>;
  request: Request;
  /** Null for a route that is open to all. */
  caller: AuthenticatedCaller | null;
  tenant: Tenant | null;
  /** The validated body; undefined for a call without one. */
  body: unknown;
  requestId: string;
};

export type AuditTrail = {
  /**
   * Stores an entry, runs the call, and adds its result to the entry. If the entry cannot be stored, the call is not run.
   * If the process dies in between, the entry stays without a result: the change may or may not have been made.
   */
  record<Response extends RouteResponse<unknown>>(
    call: ChangingCall,
    run: () => Promise<Response>,
  ): Promise<Response>;
};

export function createAuditTrail(
  db: Queryable,
  { clock, log }: Pick<ApiDependencies, 'clock' | 'log'>,
): AuditTrail {
  async function addResult(entryId: string, status: number, createdId: string | null): Promise<void> {
    try {
      await setAuditResult(db, entryId, status, createdId);
    } catch (error) {
      // The change has been made, so the caller must get its response.
      log.warn({ err: error, entryId }, 'the result of a call could not be added to the audit trail');
    }
  }

  return {
    async record(call, run) {
      const id = await storeEntry(db, clock, call);
      try {
        const response = await run();
        await addResult(id, response.status, createdId(response));
        return response;
      } catch (error) {
        await addResult(id, problemOf(error).status, null);
        throw error;
      }
    },
  };
}

async function storeEntry(
  db: Queryable,
  clock: ApiDependencies['clock'],
  { route, request, caller, tenant, body, requestId }: ChangingCall,
): Promise<string> {
  await clock.whenSynced();
  const nowMs = clock.now();
  const id = newId('aud', nowMs);
  const subject = subjectOf(route.path, request.params as Record<string, string>, tenant?.projectId ?? null);
  await insertAuditEntry(db, {
    id,
    projectId: tenant?.projectId ?? subject.projectId,
    at: new Date(nowMs),
    actor: actorOf(caller),
    action: route.operationId,
    subjectType: subject.type,
    subjectId: subject.id,
    fields: fieldsOf(request, body),
    requestId,
  });
  return id;
}

function actorOf(caller: AuthenticatedCaller | null): AuditActor {
  const sessionId = caller?.session?.id ?? null;
  if (!caller || caller.kind === 'admin') return { kind: 'admin', keyId: null, sessionId, consumer: null };
  const { keyId, consumer } = caller.tenant;
  return { kind: caller.kind, keyId, sessionId, consumer };
}

/** The names of what was sent, which the schemas of the call limit. Values may be personal data, or secrets. */
function fieldsOf(request: Request, body: unknown): string[] {
  const query = request.url.includes('?') ? Object.keys(request.query) : [];
  return typeof body === 'object' && body !== null ? [...query, ...Object.keys(body)] : query;
}

/** The id of what the call has created; null if its response has none. */
function createdId({ content }: RouteResponse<unknown>): string | null {
  if (!content || !('json' in content)) return null;
  const { json } = content;
  return typeof json === 'object' && json !== null && 'id' in json && typeof json.id === 'string'
    ? json.id
    : null;
}
