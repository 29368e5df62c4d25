import type { ApiResponse, CallOptions } from './openapi-validator.ts';
import type { TestApi } from './test-api.ts';

export const DASHBOARD = { 'posthorn-dashboard': '1' };

/** Signs in as the dashboard does. */
export const signIn = (api: TestApi, body: object, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/session', { body, headers: { ...DASHBOARD, ...headers } });

/** `name=value` of the cookie that a response sets. */
export const cookieOf = ({ headers }: Pick<ApiResponse, 'headers'>): string =>
  headers.get('set-cookie')!.split(';')[0]!;

export type Caller = (method: string, path: string, options?: CallOptions) => Promise<ApiResponse>;

/** Makes calls as a page of the dashboard that has this cookie. */
export const callerWith =
  (api: TestApi, cookie: string): Caller =>
  (method, path, { headers, ...options } = {}) =>
    api.call(method, path, { ...options, headers: { cookie, ...DASHBOARD, ...headers } });

/** The calls of a new session. */
export async function newSession(api: TestApi, body: object): Promise<Caller> {
  const response = await signIn(api, body);
  expect({ status: response.status, text: response.text }).toMatchObject({ status: 201 });
  return callerWith(api, cookieOf(response));
}

/** The token of a new session of the portal. */
export async function portalToken(api: TestApi, key: string, link: object): Promise<string> {
  const made = await api.call('POST', '/v1/portal-links', { key, body: link });
  expect({ status: made.status, text: made.text }).toMatchObject({ status: 201 });
  const code = (made.body as { url: string }).url.split('#code=')[1];
  const opened = await api.call('POST', '/v1/portal-sessions', { body: { code } });
  expect({ status: opened.status, text: opened.text }).toMatchObject({ status: 201 });
  return (opened.body as { token: string }).token;
}
