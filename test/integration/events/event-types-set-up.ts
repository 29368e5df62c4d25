import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

export type Json = Record<string, unknown>;

export type Body = Json & {
  items: Json[];
  nextCursor: string | null;
  errors: { pointer: string; detail: string }[];
};

export let api: TestApi;

beforeAll(async () => {
  api = await startTestApi({ config: { maxBodyBytes: 1024 * 1024 } });
});

afterAll(() => api.close());

export async function call(method: string, path: string, key: string, body?: unknown) {
  const { status, body: json, text } = await api.call(method, path, { key, body });
  return { status, text, body: json as Body };
}

export async function newProject(profile = 'standard-webhooks'): Promise<string> {
  const { key } = (await call('POST', '/v1/projects', ADMIN_KEY, { name: 'test', profile })).body;
  return key as string;
}

export const put = (key: string, type: string, settings: object) =>
  call('PUT', `/v1/event-types/${type}`, key, { description: 'One of ours', ...settings });

export const refusal = (response: { status: number; body: Body }) => ({
  status: response.status,
  code: response.body.code,
  pointers: response.body.errors?.map(({ pointer }) => pointer),
});

export const order = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', maxLength: 5 }, lines: { type: 'array', items: { type: 'integer' } } },
};
