import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Case, ConformanceFile } from '../../conformance/case.ts';
import { PROFILES, verifyWebhook, verifyWebhookOrThrow, type WebhookToVerify } from '../src/index.ts';

const file = join(import.meta.dirname, '../../conformance/signatures.json');
const { profiles, cases, misuse } = JSON.parse(readFileSync(file, 'utf8')) as ConformanceFile;

test('the profiles of the SDK equal those in the file', () => assert.deepEqual(PROFILES, profiles));

const bytesOf = (payload: Case['payload']): Uint8Array =>
  'text' in payload ? Buffer.from(payload.text) : Buffer.from(payload.base64, 'base64');

const toVerify = ({ profile, payload, secrets, signature, id, timestamp, now, toleranceSeconds }: Case) =>
  ({
    profile,
    payload: bytesOf(payload),
    secret: secrets,
    signature,
    id,
    timestamp,
    now: new Date(now * 1000),
    ...(toleranceSeconds !== undefined && { toleranceSeconds }),
  }) as WebhookToVerify;

/** The same request with all values in its headers, as frameworks provide them. */
function withHeaders(
  webhook: WebhookToVerify,
  profile: ConformanceFile['profiles'][string],
): WebhookToVerify {
  const { signature, id, timestamp, ...rest } = webhook;
  const values: Record<string, string | null | undefined> = {
    $signature: signature,
    $id: id,
    $sentAt: timestamp,
  };
  const headers = Object.entries(profile.headers).map(([name, template]) => [
    name.toLowerCase(),
    values[template] ?? undefined,
  ]);
  return { ...rest, headers: Object.fromEntries(headers) };
}

describe('conformance', () => {
  for (const one of cases) {
    test(`${one.name} → ${one.result}`, () => {
      const webhook = toVerify(one);
      const profile = typeof one.profile === 'string' ? profiles[one.profile]! : one.profile;
      const ways = [webhook, withHeaders(webhook, profile)];
      if ('text' in one.payload) ways.push({ ...webhook, payload: one.payload.text });
      for (const way of ways) {
        assert.equal(verifyWebhook(way), one.result === 'accepted');
        if (one.result === 'accepted') verifyWebhookOrThrow(way);
        else
          assert.throws(() => verifyWebhookOrThrow(way), {
            name: 'WebhookVerificationError',
            code: one.result,
          });
      }
    });
  }
});

describe('invalid arguments throw a TypeError instead of refusing the request', () => {
  for (const { name, profile, secrets, toleranceSeconds } of misuse) {
    test(name, () => {
      const webhook = {
        profile,
        payload: '',
        secret: secrets,
        signature: 'x',
        ...(toleranceSeconds && { toleranceSeconds }),
      };
      assert.throws(() => verifyWebhook(webhook as WebhookToVerify), TypeError);
    });
  }
});
