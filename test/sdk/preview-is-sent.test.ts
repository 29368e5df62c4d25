import fc from 'fast-check';
import { type SigningProfile, verifyWebhook } from '../../sdk/typescript/src/index.ts';
import type { ProfileName } from '../../sdk/typescript/src/verify/profiles.ts';
import { registerReceiver } from '../../src/cli/try/register-receiver.ts';
import { createShippedProfiles } from '../../src/profiles/shipped/registry.ts';
import { type Receiver, startReceiver } from '../receivers/receiver.ts';
import { startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { customProfile, event } from './custom-profiles.ts';
import { runPython, testWithPython } from './run-program.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
beforeAll(async () => {
  posthorn = await startTestPosthorn();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await posthorn.close();
});

type Preview = { secret: string; sentAt: string; headers: Record<string, string>; body: string };
type Request = { headers: Record<string, string>; body: Buffer; secret: string };
/** A sent or previewed request that both SDKs must verify. */
type Verifiable = Request & { profile: ProfileName | SigningProfile };

let posted = 0;
type Postable = { data: string } & object;
/** The JSON text that posts or previews the event. `data` is inserted unchanged. */
const requestText = ({ data, ...event }: Postable, more: object): string =>
  `${JSON.stringify({ ...event, ...more }).slice(0, -1)},"data":${data}}`;

/** Posts the event, previews the same event and compares both requests. Undefined if both were refused for the same reason. */
async function sendAndPreview(
  key: string,
  profile: string,
  one: Postable,
  more: object,
): Promise<[Request, Preview] | undefined> {
  const id = `event-${++posted}`;
  const before = receiver.requests.length;
  const sent = await posthorn.client.call('POST', '/v1/events?wait=20s', {
    key,
    body: requestText(one, { id, ...more }),
  });
  const { createdAt } = sent.body as { createdAt?: string };
  const path = `/v1/profiles/${profile}/preview`;
  const body = requestText(one, { id, ...(createdAt && { createdAt }) });
  const previewed = await posthorn.client.call('POST', path, { key, body });
  if (sent.status === 422) {
    const { code, errors } = sent.body as { code: string; errors: unknown };
    expect(previewed).toMatchObject({ status: 422, body: { code, errors } });
    return undefined;
  }
  expect(sent).toMatchObject({ status: 200, body: { status: 'delivered' } });
  const preview = previewed.body as Preview;
  const request = receiver.requests[before]!;
  const headers = request.headers as Record<string, string>;
  expect(request.body.toString('utf8')).toBe(preview.body);
  expect(namesSent(request.rawHeaders)).toEqual(Object.keys(preview.headers));
  expect(withoutTime(headers, Object.keys(preview.headers))).toEqual(
    withoutTime(lowerCased(preview.headers), Object.keys(preview.headers)),
  );
  return [{ headers, body: request.body, secret: '' }, preview];
}

const CONNECTION_HEADERS = [
  'host',
  'content-length',
  'accept',
  'accept-encoding',
  'user-agent',
  'connection',
];
const namesSent = (raw: string[]): string[] =>
  raw.filter((name, n) => n % 2 === 0 && !CONNECTION_HEADERS.includes(name.toLowerCase()));
const lowerCased = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** The headers without those that depend on the time of the attempt. */
const withoutTime = (headers: Record<string, string>, names: string[]) =>
  names
    .map((name) => name.toLowerCase())
    .filter((name) => !/signature|timestamp|sent-at/.test(name))
    .map((name) => [name, headers[name]]);

const both = (
  [sent, preview]: [Request, Preview],
  secret: string,
  profile: Verifiable['profile'],
): Verifiable[] => [
  { ...sent, secret, profile },
  { headers: preview.headers, body: Buffer.from(preview.body), secret: preview.secret, profile },
];

function verify({ headers, body, secret, profile }: Verifiable): void {
  expect(verifyWebhook({ headers, payload: body, secret, profile })).toBe(true);
  const flipped = Buffer.from(body);
  flipped[body.length - 1]! ^= 1;
  expect(verifyWebhook({ headers, payload: flipped, secret, profile })).toBe(false);
}

const all: Verifiable[] = [];

test('with every shipped profile, the sent request equals its preview and both verify', async () => {
  for (const name of createShippedProfiles().names() as ProfileName[]) {
    const profile = createShippedProfiles().get(name)!;
    const { key } = await posthorn.newProject({ profile: name });
    const callWith =
      (by: string) =>
      async <T>(method: string, path: string, body?: unknown) =>
        (await posthorn.client.call(method, path, { key: by, body })).body as T;
    const { secret, eventFields } = await registerReceiver(profile, receiver.url, callWith(key), callWith);
    const plain = { name: 'a.b', example: { a: 1 }, exampleAttributes: {} };
    for (const type of profile.eventTypes.length > 0 ? profile.eventTypes : [plain]) {
      const { example, exampleAttributes: attributes = {} } = type;
      const { target, consumer } = eventFields;
      const one = { type: type.name, attributes, consumer, data: JSON.stringify(example) };
      const result = await sendAndPreview(key, name, one, { target });
      all.push(...both(result!, secret, name));
    }
  }
  for (const one of all) verify(one);
});

test('with any custom profile, the sent request equals its preview and both verify', async () => {
  const { key } = await posthorn.newProject();
  await posthorn.client.call('PUT', '/v1/profiles/own', { key, body: fc.sample(customProfile, 1)[0] });
  expect((await posthorn.client.call('PATCH', '/v1/project', { key, body: { profile: 'own' } })).status).toBe(
    200,
  );
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(
      customProfile,
      fc.array(event, { minLength: 1, maxLength: 2 }),
      async (profile, events) => {
        const put = await posthorn.client.call('PUT', '/v1/profiles/own', { key, body: profile });
        expect(put).toMatchObject({ status: 200 });
        for (const one of events) {
          const made = await posthorn.client.call('POST', '/v1/profiles/own/preview', {
            key,
            body: requestText({ ...one, data: '{}' }, {}),
          });
          const { secret } = made.body as Preview;
          const result = await sendAndPreview(key, 'own', one, { target: { url: receiver.url, secret } });
          if (!result) continue;
          compared++;
          for (const verifiable of both(result, secret, profile)) {
            verify(verifiable);
            all.push(verifiable);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(compared).toBeGreaterThan(30);
});

const VERIFY_EACH_LINE = `
import base64, json, sys
from posthorn import verify_webhook
for line in sys.stdin:
    one = json.loads(line)
    body = base64.b64decode(one["body"])
    def verify(payload):
        return verify_webhook(payload=payload, secret=one["secret"], headers=one["headers"], profile=one["profile"])
    print(verify(body), verify(body[:-1]))
`;

testWithPython('sent and previewed requests verify in Python too, and truncated ones do not', async () => {
  const lines = all.map(({ body, ...rest }) => JSON.stringify({ ...rest, body: body.toString('base64') }));
  const { stdout } = await runPython(['-c', VERIFY_EACH_LINE], lines.join('\n'));
  expect(stdout.trim().split(/\r?\n/)).toEqual(all.map(() => 'True False'));
});
