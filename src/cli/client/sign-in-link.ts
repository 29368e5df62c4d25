import { CommandFailure, type Connection } from './connection.ts';

export type SignInLink = { url: string; expiresAt: string };

const TIMEOUT_MS = 10_000;

/**
 * Gets a link that signs in to the dashboard once, with the rights of the key, and leads to the project. Throws a
 * CommandFailure.
 */
export async function createSignInLink({ url, key }: Connection, project?: string): Promise<SignInLink> {
  const response = await fetch(`${url}/v1/sign-in-codes`, {
    method: 'POST',
    redirect: 'manual', // the key must not be sent to another address
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      authorization: `Bearer ${key}`,
      ...(project !== undefined && { 'posthorn-project': project }),
    },
  }).catch(() => {
    throw new CommandFailure(4, `No Posthorn responds at ${url}. Start one with "npm start", or set --url.`);
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.status === 201 && isLink(body)) return project === undefined ? body : leadingTo(project, body);
  const detail = isProblem(body) ? body.detail : 'the response is not from Posthorn';
  throw new CommandFailure(3, `POST /v1/sign-in-codes failed with ${response.status}: ${detail}`);
}

const leadingTo = (project: string, { url, expiresAt }: SignInLink): SignInLink => ({
  url: url.replace('/dashboard/#', `/dashboard/p/${project}#`),
  expiresAt,
});

/** Whether the dashboard is served at this address: it may be switched off, or not built. */
export async function servesDashboard(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`${url}/dashboard/`, { method: 'HEAD', signal }).catch(() => null);
  return response?.status === 200;
}

const isLink = (body: unknown): body is SignInLink =>
  typeof body === 'object' &&
  body !== null &&
  'url' in body &&
  typeof body.url === 'string' &&
  'expiresAt' in body;
const isProblem = (body: unknown): body is { detail: string } =>
  typeof body === 'object' && body !== null && 'detail' in body && typeof body.detail === 'string';
