import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

export type Answer = { status: number; body: Record<string, unknown> & { errors?: Json[] } };

export type Json = Record<string, unknown>;

export let api: TestApi;

export const keys = new Map<string, string>();

beforeAll(async () => {
  // As in production: no address is exempt from the profile's rules.
  api = await startTestApi({ guard: createAddressGuard([]) });
  for (const profile of [
    'standard-webhooks',
    'cmdcal',
    'canvelete',
    'pdf-gorilla',
    'pausepoint',
    'smartlyq',
  ]) {
    const made = await api.call('POST', '/v1/projects', { key: ADMIN_KEY, body: { name: profile, profile } });
    keys.set(profile, (made.body as { key: string }).key);
  }
});

afterAll(() => api.close());

export const url = 'https://hooks.example.com/posthorn';

export const SECRET = 'a-secret-of-more-than-16-characters';

/** What a registration needs besides the rule under test. */
export const NEEDED: Record<string, Json> = {
  'pdf-gorilla': { secret: SECRET },
  pausepoint: { secret: SECRET, consumer: 'dev_1' },
};

export const post = async (profile: string, path: string, body: Json): Promise<Answer> =>
  (await api.call('POST', path, { key: keys.get(profile)!, body })) as Answer;

export const register = (profile: string, body: Json = {}): Promise<Answer> =>
  post(profile, '/v1/endpoints', { url, ...NEEDED[profile], ...body });

export const refusal = ({ status, body }: Answer) => ({ status, code: body.code, ...body.errors?.[0] });

export const refusedSecret = (detail: string, pointer = '/secret') => ({
  status: 422,
  code: 'invalid_body',
  pointer,
  detail,
});
