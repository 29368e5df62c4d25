import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { EncryptionContext, SecretBox } from '../../secrets/secret-box.ts';
import {
  type CreatedOnce,
  IdempotencyKeyReused,
  type IdempotentCall,
} from '../../store/projects/create-once.ts';
import type { Tenant } from '../auth/tenant.ts';
import { json, type RouteResponse } from '../http/route.ts';
import { Problem } from '../problems/problem.ts';
import { canonicalJson } from './canonical-json.ts';

/** For the OpenAPI document of a route that creates something once. */
export const IDEMPOTENCY_KEY_HEADER = {
  'Idempotency-Key':
    '1 to 255 visible ASCII characters that name this call. The same call with the same key within 24 hours gets the response of the first one, including a secret or an API key, and creates nothing. With other content it gets 409',
};
export const IDEMPOTENCY_PROBLEMS = ['invalid_request', 'idempotency_key_reused'] as const;

/** The call's Idempotency-Key with its content; null without one. Throws invalid_request for a malformed key. */
export function idempotentCall(
  box: SecretBox,
  { projectId, consumer }: Pick<Tenant, 'projectId' | 'consumer'>,
  request: Request,
  operation: string,
  body: unknown,
): IdempotentCall | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Problem(
      'invalid_request',
      'The header Idempotency-Key must have 1 to 255 visible ASCII characters without spaces.',
    );
  }
  const keyHash = createHash('sha256').update(key).digest();
  // The consumer is part of the context: each consumer has its own keys.
  const context: EncryptionContext = {
    project: projectId,
    recordId: `${keyHash.toString('hex')} ${consumer ?? ''}`,
    column: 'response',
  };
  return {
    projectId,
    consumer,
    keyHash,
    requestMacs: box.macsOf(canonicalJson(['idempotent call', projectId, consumer, operation, body])),
    seal: (response) => box.seal(response, context),
    open: (sealed) => box.open(sealed, context),
  };
}

/** 201 with what the call created, or 200 if an earlier call did. Throws idempotency_key_reused. */
export async function createdResponse<Body>(created: Promise<CreatedOnce>): Promise<RouteResponse<Body>> {
  try {
    const { repeated, response } = await created;
    // Times in it are text already, as they are sent.
    const body: Body = JSON.parse(response);
    return json(repeated ? 200 : 201, body);
  } catch (error) {
    throw error instanceof IdempotencyKeyReused ? new Problem('idempotency_key_reused') : error;
  }
}
