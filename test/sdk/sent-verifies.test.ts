import fc from 'fast-check';
import { verifyWebhook } from '../../sdk/typescript/src/index.ts';
import type { ProfileName } from '../../sdk/typescript/src/verify/profiles.ts';
import { createShippedProfiles } from '../../src/profiles/shipped/registry.ts';
import { runPython, testWithPython } from './run-program.ts';

const profiles = createShippedProfiles();
const names = profiles.names() as ProfileName[];
const SENT_AT = 1_775_469_683;

const name = fc.stringMatching(/^[.]{0,2}[A-Za-z0-9_-][A-Za-z0-9._-]{0,40}$/);
const event = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9_@:+-]{1,128}$/),
  type: name,
  createdAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
  consumer: name,
  attributes: fc.record({ pause_id: fc.string({ unit: 'binary' }) }),
  test: fc.constant(false),
});
const member = fc.stringMatching(/^[a-z]{2}_[a-z]{1,8}$/);
const data = fc.dictionary(member, fc.jsonValue());

/** The input of a sent request. The secret is `provided` if the profile accepts it, otherwise it is generated. */
const sent = fc.record({
  profile: fc.constantFrom(...names),
  event,
  data,
  provided: fc.string({ minLength: 16, maxLength: 200 }),
});
type Sent = { profile: ProfileName; headers: Record<string, string>; body: Buffer; secret: string };

function send({
  profile: chosen,
  event,
  data,
  provided,
}: typeof sent extends fc.Arbitrary<infer T> ? T : never): Sent {
  const profile = profiles.get(chosen)!;
  const secret = profile.secretProblem(provided) === undefined ? provided : profile.generateSecret();
  const body = profile.composeBody({ ...event, data: Buffer.from(JSON.stringify(data)) });
  if (!Buffer.isBuffer(body)) throw new Error(JSON.stringify(body));
  return {
    profile: chosen,
    secret,
    body,
    headers: profile.requestHeaders({ ...event, sentAt: SENT_AT, body, secrets: [secret] }),
  };
}

test('a request of any profile, with any secret and data, verifies in TypeScript, and a changed one does not', () => {
  fc.assert(
    fc.property(sent, fc.nat(), (one, place) => {
      const { body, secret, ...rest } = send(one);
      const now = new Date(SENT_AT * 1000);
      expect(verifyWebhook({ ...rest, payload: body, secret, now })).toBe(true);
      const flipped = Buffer.from(body);
      flipped[place % body.length]! ^= 1 << (place % 8);
      expect(verifyWebhook({ ...rest, payload: flipped, secret, now })).toBe(false);
    }),
    { numRuns: 500 },
  );
});

const VERIFY_EACH_LINE = `
import base64, json, sys
from datetime import datetime, timezone
from posthorn import verify_webhook
for line in sys.stdin:
    one = json.loads(line)
    body = base64.b64decode(one["body"])
    def verify(payload):
        now = datetime.fromtimestamp(${SENT_AT}, timezone.utc)
        return verify_webhook(payload=payload, secret=one["secret"], headers=one["headers"], profile=one["profile"], now=now)
    print(verify(body), verify(body[:-1]))
`;

testWithPython(
  'a request of any profile, with any secret and data, verifies in Python, and a truncated one does not',
  async () => {
    const all = fc.sample(sent, 300).map(send);
    const lines = all.map(({ body, ...rest }) => JSON.stringify({ ...rest, body: body.toString('base64') }));
    const { stdout } = await runPython(['-c', VERIFY_EACH_LINE], lines.join('\n'));
    expect(stdout.trim().split(/\r?\n/)).toEqual(all.map(() => 'True False'));
  },
);
