import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

export type Json = Record<string, unknown>;

export type Problem = { code: string; detail: string; errors: { pointer: string; detail: string }[] };

export type Stored = { name: string; version: number; source: string; profile: Json };

export let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.close());

export const call = async <T = Stored>(method: string, path: string, key: string, body?: unknown) => {
  const response = await api.call(method, path, { key, body });
  return { status: response.status, body: response.body as T, text: response.text };
};

export const refusal = async (...args: Parameters<typeof call>) => {
  const { status, body } = await call<Problem>(...args);
  return { status, code: body.code, pointers: body.errors.map(({ pointer }) => pointer) };
};

export let names = 0;

/** A name that no test has used. */
export const newName = (): string => `wire-${++names}`;

export const wire = (name: string, changes: object = {}) => ({
  ...standardWebhooks,
  name,
  title: 'Wire',
  ...changes,
});

export const put = (key: string, name: string, changes: object = {}) =>
  call('PUT', `/v1/profiles/${name}`, key, wire(name, changes));
