import { durationSeconds, retrySteps, SCHEDULES } from '../../../dashboard/src/delivery/retry-steps.ts';
import { linkCode } from '../../../dashboard/src/operator/consumers/link-code.ts';
import { delaysOf, formOf, overrideOf } from '../../../dashboard/src/operator/policy/policy-form.ts';
import { profileSentences } from '../../../dashboard/src/operator/profile/profile-sentences.ts';
import { cliCommand, curlCommand, listIn } from '../../../dashboard/src/operator/stream/follow-commands.ts';
import { KEPT, StreamBuffer } from '../../../dashboard/src/operator/stream/stream-buffer.ts';
import type { Profile } from '../../../sdk/typescript/src/models.ts';
import type { Outcome } from '../../../sdk/typescript/src/outcome-stream.ts';
import { parseDuration } from '../../../src/policy/duration.ts';
import { SCHEDULES as OF_THE_API } from '../../../src/policy/policy-override.ts';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';

describe('retry steps', () => {
  test('know the named schedules and the durations of the API', () => {
    expect(SCHEDULES).toEqual(OF_THE_API);
    for (const text of ['0s', '30s', '5m', '2h', '7d', '5', 'm', '', '1 h', '-1s'])
      expect([text, durationSeconds(text)]).toEqual([text, parseDuration(text)]);
  });

  test('add up, and leave out what is no duration', () => {
    expect(retrySteps(['1m', 'soon', '5m'])).toEqual([
      { delay: 0, after: 0 },
      { delay: 60, after: 60 },
      { delay: 300, after: 360 },
    ]);
  });
});

describe('the form of a policy', () => {
  const below = { delays: ['30s'], timeout: '15s', jitter: 0 };

  test.each([
    null,
    { schedule: 'three-days' as const },
    { delays: ['1s', '2m'], timeout: '3s', jitter: 0.125, finalStatuses: ['400', '5xx'] },
    { delays: [] },
  ])('gives back %j', (policy) => {
    expect(overrideOf(formOf(policy))).toEqual(policy);
  });

  test('knows the delays that it means', () => {
    expect(delaysOf(formOf(null), below)).toEqual(['30s']);
    expect(delaysOf(formOf({ schedule: 'default' }), below)).toEqual(['1m', '5m', '30m', '2h']);
    expect(delaysOf({ ...formOf(null), schedule: 'own', delays: '1s,  2s' }, below)).toEqual(['1s', '2s']);
  });
});

test('every shipped profile is read as sentences, without a gap', () => {
  const shipped = createShippedProfiles();
  for (const name of shipped.names()) {
    const sentences = profileSentences(shipped.source(name) as Profile);
    expect(sentences).toHaveLength(8);
    for (const [, sentence] of sentences) {
      expect(sentence).toMatch(/^[A-Z0-9`].*\.$/);
      expect(sentence).not.toMatch(/undefined|NaN|\[object/);
    }
  }
});

describe('the code that makes a portal link', () => {
  const link = { consumer: "o'neil", capabilities: ['view' as const], expiresIn: '1m' };

  test('is quoted for the shell', () => {
    expect(linkCode('https://p.example', link, 'curl')).toContain(`{"consumer":"o'\\''neil"`);
  });

  test('is TypeScript and Python', () => {
    expect(linkCode('', link, 'TypeScript')).toContain('create({\n  consumer: "o\'neil",\n  capabilities: [');
    expect(linkCode('', link, 'Python')).toContain('    consumer="o\'neil",\n    capabilities=["view"],');
  });
});

describe('the stream', () => {
  const outcome = (id: number): Outcome => ({ id: String(id) }) as Outcome;

  test('keeps the newest 1,000, the newest first, and counts them all', () => {
    const buffer = new StreamBuffer();
    for (let id = 0; id < 5_500; id++) buffer.add(outcome(id), 0);
    const kept = buffer.newest();
    expect([kept.length, kept[0]!.id, kept.at(-1)!.id]).toEqual([KEPT, '5499', '4500']);
    expect(buffer.total).toBe(5_500);
  });

  test('tells the rate of the last 10 seconds', () => {
    const buffer = new StreamBuffer();
    for (let second = 0; second < 20; second++) buffer.add(outcome(second), second * 1_000);
    expect(buffer.rate(19_000)).toBe(1);
    expect(buffer.rate(60_000)).toBe(0);
  });

  test('is followed elsewhere with the same filter', () => {
    const filter = {
      kind: ['delivery.delivered', 'attempt.failed'],
      endpoint: listIn(' ep_1, ep_2,'),
      consumer: [],
    };
    expect(curlCommand('https://p.example', filter)).toContain(
      `'https://p.example/v1/outcomes?kind=delivery.delivered%2Cattempt.failed&endpoint=ep_1%2Cep_2'`,
    );
    expect(cliCommand('https://p.example', filter)).toBe(
      `npx posthorn events tail --url 'https://p.example' --status delivered,retrying --endpoint 'ep_1,ep_2'`,
    );
  });
});
