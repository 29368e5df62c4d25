import { randomBytes } from 'node:crypto';
import { createPrepareRequest } from '../../../src/attempts/prepare-request.ts';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import { createSecretBox } from '../../../src/secrets/secret-box.ts';
import { createCachingSecretBox } from '../../../src/secrets/secret-cache.ts';
import {
  activeSecrets,
  activeSecretTimes,
  serializeFirstSecret,
  withNewSecret,
} from '../../../src/secrets/secret-rotation.ts';
import type { Claim } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { endpointSecretsContext } from '../../../src/store/endpoints/endpoints.ts';

const NOW = Date.parse('2026-04-06T10:00:00Z');
const HOUR = 3_600_000;

test('a replaced secret signs until its overlap ends, to the millisecond', () => {
  const text = withNewSecret(serializeFirstSecret('old', NOW), 'new', NOW, HOUR);
  expect(activeSecrets(text, NOW)).toEqual(['new', 'old']);
  expect(activeSecrets(text, NOW + HOUR - 1)).toEqual(['new', 'old']);
  expect(activeSecrets(text, NOW + HOUR)).toEqual(['new']);
});

test('without an overlap the new secret is the only active one', () => {
  const text = withNewSecret(serializeFirstSecret('a', NOW), 'b', NOW, HOUR);
  expect(activeSecrets(withNewSecret(text, 'c', NOW, 0), NOW)).toEqual(['c']);
});

test('a later rotation can shorten the overlap of earlier secrets, and never extends it', () => {
  const text = withNewSecret(serializeFirstSecret('a', NOW), 'b', NOW, HOUR);
  const longer = withNewSecret(text, 'c', NOW, 10 * HOUR);
  expect(activeSecrets(longer, NOW + HOUR)).toEqual(['c', 'b']);
  const shorter = withNewSecret(text, 'c', NOW, HOUR / 2);
  expect(activeSecrets(shorter, NOW + HOUR / 2)).toEqual(['c']);
});

test('at most three secrets sign: the newest, the one before it, and the oldest for as long as its overlap lasts', () => {
  const rotated = (secrets: string[], now: number, before: string) =>
    secrets.reduce((text, secret) => withNewSecret(text, secret, now, HOUR), before);
  const text = rotated(['b', 'c', 'd', 'e'], NOW, serializeFirstSecret('a', NOW));
  expect(activeSecrets(text, NOW)).toEqual(['e', 'd', 'a']);
  const later = rotated(['f', 'g'], NOW + HOUR / 2, text);
  expect(activeSecrets(later, NOW + HOUR - 1)).toEqual(['g', 'f', 'a']);
  expect(activeSecrets(later, NOW + HOUR)).toEqual(['g', 'f']);
});

test('expired secrets are removed at the next rotation', () => {
  const text = withNewSecret(serializeFirstSecret('expired', NOW), 'b', NOW, HOUR);
  expect(withNewSecret(text, 'c', NOW + HOUR, HOUR)).not.toContain('expired');
});

test('rotating to the same secret again, as after a lost response, stores it once', () => {
  const once = withNewSecret(serializeFirstSecret('a', NOW), 'b', NOW, HOUR);
  expect(withNewSecret(once, 'b', NOW, HOUR)).toBe(once);
  expect(activeSecrets(withNewSecret(once, 'a', NOW, HOUR), NOW)).toEqual(['a', 'b']);
});

test('the times of the active secrets say when each began and when a replaced one ends', () => {
  const first = serializeFirstSecret('a', NOW - HOUR);
  expect(activeSecretTimes(first, NOW)).toEqual([{ since: NOW - HOUR, until: null }]);
  const rotated = withNewSecret(first, 'b', NOW, HOUR);
  expect(activeSecretTimes(rotated, NOW)).toEqual([
    { since: NOW, until: null },
    { since: NOW - HOUR, until: NOW + HOUR },
  ]);
  const again = withNewSecret(rotated, 'b', NOW + 1, HOUR);
  expect(activeSecretTimes(again, NOW + 1)[0]).toEqual({ since: NOW, until: null });
  expect(activeSecretTimes(rotated, NOW + HOUR)).toHaveLength(1);
});

test('secrets that were stored before their times were kept still sign, and their beginning is unknown', () => {
  const text = JSON.stringify(['b', { secret: 'a', until: NOW + HOUR }]);
  expect(activeSecrets(text, NOW)).toEqual(['b', 'a']);
  expect(activeSecretTimes(text, NOW)).toEqual([
    { since: null, until: null },
    { since: null, until: NOW + HOUR },
  ]);
  expect(activeSecretTimes(withNewSecret(text, 'c', NOW, HOUR), NOW)[0]).toEqual({ since: NOW, until: null });
});

test('a cached secret also stops signing when its overlap ends', async () => {
  const box = createSecretBox([randomBytes(32)]);
  const profile = createShippedProfiles().get('standard-webhooks')!;
  const [first, second] = [profile.generateSecret(), profile.generateSecret()];
  let now = NOW;
  const prepare = createPrepareRequest({
    profiles: { find: async () => profile },
    box: createCachingSecretBox(box),
    tlsIdentities: { get: async () => undefined },
    clock: { now: () => now, whenSynced: async () => {} },
  });
  const sealed = box.seal(
    withNewSecret(serializeFirstSecret(first, NOW), second, NOW, HOUR),
    endpointSecretsContext('prj_1', 'ep_1'),
  );
  const claim = {
    projectId: 'prj_1',
    endpointId: 'ep_1',
    eventId: 'evt_1',
    type: 'a',
    consumer: null,
    attributes: {},
    createdAt: new Date(NOW),
    body: Buffer.from('{}'),
    secrets: sealed,
    headers: null,
    tls: null,
    oauth: null,
    url: 'https://example.com/',
  } as unknown as Claim;
  const signatures = async () => {
    const request = await prepare(claim);
    return request.kind === 'signed' ? request.headers['webhook-signature']!.split(' ').length : 0;
  };
  expect(await signatures()).toBe(2);
  now += HOUR;
  expect(await signatures()).toBe(1);
});
