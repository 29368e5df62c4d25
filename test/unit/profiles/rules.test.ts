import { getProvider } from '../../providers/providers.ts';

const minutes = (...counts: number[]) => counts.map((count) => count * 60);
const HTTPS = { httpsOnly: true, publicOnly: true };
const ANY_SCHEME = { httpsOnly: false, publicOnly: true };

test.each([
  ['cmdcal', 30, [30, ...minutes(2, 10, 60)], ANY_SCHEME, 'undeliverable'],
  ['canvelete', 30, minutes(1, 5, 30, 120), ANY_SCHEME, 'failed'],
  ['pdf-gorilla', 5, minutes(1, 5, 30, 120), HTTPS, 'undeliverable'],
  ['pausepoint', 5, [30, 60, 120], HTTPS, 'logged'],
  ['smartlyq', 30, minutes(2, 4, 8, 16, 32), HTTPS, 'dropped'],
])('%s times out after %d s and retries after %j s', (name, timeout, delays, urls, label) => {
  const { profile } = getProvider(name);
  expect(profile.policy).toEqual({ timeout, delays, jitter: 0 });
  expect(profile.urls).toEqual(urls);
  expect(profile.labels.undeliverable).toBe(label);
});

test('CmdCal has webhooks on Pro and Business plans only, the others on every plan', () => {
  expect(getProvider('cmdcal').profile.plans).toEqual(['pro', 'business']);
  for (const name of ['canvelete', 'pdf-gorilla', 'pausepoint', 'smartlyq'])
    expect(getProvider(name).profile.plans).toBeNull();
});

test.each([
  ['cmdcal', 'either'],
  ['canvelete', 'generated'],
  ['pdf-gorilla', 'provided'],
  ['pausepoint', 'provided'],
  ['smartlyq', 'generated'],
])('the secret of an endpoint under %s has the source %s', (name, source) => {
  const { profile } = getProvider(name);
  expect(profile.secretRules).toMatchObject({ source, returned: 'once' });
  expect(profile.generateSecret()).toMatch(/^[0-9a-f]{64}$/);
  expect(profile.secretProblem(profile.generateSecret())).toBeUndefined();
});

test('a secret has at most 512 characters, and with PausePoint at least 16', () => {
  const check = (name: string, secret: string) => getProvider(name).profile.secretProblem(secret);
  expect(check('pdf-gorilla', 'x'.repeat(512))).toBeUndefined();
  expect(check('pdf-gorilla', 'x'.repeat(513))).toBe('is longer than 512 characters');
  expect(check('pausepoint', 'x'.repeat(16))).toBeUndefined();
  expect(check('pausepoint', 'x'.repeat(15))).toBe('is shorter than 16 characters');
});
