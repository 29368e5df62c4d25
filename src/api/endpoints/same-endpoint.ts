import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { ClientCredentials } from '../../egress/oauth/client-credentials.ts';
import { serializeOverride } from '../../policy/policy-override.ts';
import type { SecretBox } from '../../secrets/secret-box.ts';
import { newestSecret } from '../../secrets/secret-rotation.ts';
import {
  type Endpoint,
  endpointHeadersContext,
  endpointSecretsContext,
  UidTaken,
} from '../../store/endpoints/endpoints.ts';
import { Problem } from '../problems/problem.ts';
import type { newEndpoint } from './endpoint-schemas.ts';
import { openOAuth } from './oauth/seal-oauth.ts';
import type { CheckedTls } from './tls/checked-tls.ts';
import { openCertificates } from './tls/seal-tls.ts';

/** A new member of registrations that is not compared does not compile. */
type ComparedMember = Exclude<keyof z.output<typeof newEndpoint>, 'uid' | 'consumer'>;

/** What a registration asks for, with defaults for what it leaves out. */
export type RequestedEndpoint = Pick<
  Endpoint,
  'url' | 'events' | 'description' | 'policy' | 'filter' | 'rate' | 'concurrency' | 'ordered'
> & {
  headers: Record<string, string> | null;
  tls: CheckedTls;
  oauth: ClientCredentials | null;
  /** Undefined: Posthorn generates it. Then it is not compared. */
  secret: string | undefined;
  /** A consumer registers its own endpoint. What only the project may set is not compared then. */
  isOwnCall: boolean;
};

/** Throws uid_conflict, with a pointer for each member that differs, unless the endpoint is as requested. */
export function requireSameEndpoint(
  box: SecretBox,
  projectId: string,
  endpoint: Endpoint,
  requested: RequestedEndpoint,
): void {
  const { id, headers, secrets } = endpoint;
  const storedHeaders: Record<string, string> =
    headers === null ? {} : JSON.parse(box.open(headers, endpointHeadersContext(projectId, id)));
  const tls = openCertificates(box, projectId, endpoint);
  const secret = newestSecret(box.open(secrets, endpointSecretsContext(projectId, id)));
  const isSame = {
    url: endpoint.url === requested.url,
    events: isDeepStrictEqual(new Set(endpoint.events), new Set(requested.events)),
    description: endpoint.description === requested.description,
    filter: isDeepStrictEqual(endpoint.filter, requested.filter),
    rate: isDeepStrictEqual(endpoint.rate, requested.rate),
    concurrency: endpoint.concurrency === requested.concurrency,
    ordered: endpoint.ordered === requested.ordered,
    // A certificate belongs to one key.
    tls:
      tls.certificate === (requested.tls.clientCertificate?.certificate ?? null) &&
      tls.authorities === (requested.tls.authorities ?? null),
    oauth: isDeepStrictEqual(openOAuth(box, projectId, id, endpoint.oauth), requested.oauth),
    headers: isDeepStrictEqual(storedHeaders, requested.headers ?? {}),
    policy: requested.isOwnCall || serializeOverride(endpoint.policy) === serializeOverride(requested.policy),
    secret: requested.secret === undefined || requested.secret === secret,
  } satisfies Record<ComparedMember, boolean>;
  const errors = Object.entries(isSame)
    .filter(([, same]) => !same)
    .map(([name]) => ({ pointer: `/${name}`, detail: `is not that of the endpoint ${id}` }));
  if (errors.length > 0) throw new Problem('uid_conflict', undefined, { errors });
}

/** Throws uid_conflict instead of UidTaken. */
export async function mapUidTaken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof UidTaken)) throw error;
    const errors = [{ pointer: '/uid', detail: 'is the uid of another endpoint of the consumer' }];
    throw new Problem('uid_conflict', undefined, { errors });
  }
}
