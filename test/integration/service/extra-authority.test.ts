import { certificate, testAuthority } from '../../receivers/certificates.ts';
import { createClientAuthority } from '../../receivers/client-certificates.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let receiver: Receiver;
let posthorn: TestPosthorn;

afterEach(async () => {
  await posthorn.close();
  await receiver.close();
});

test.each([
  ['is delivered to if the authority is in POSTHORN_EXTRA_CA', [testAuthority()], 'delivered'],
  ['fails without it', undefined, 'tls_failed'],
])('a receiver with a certificate of a private authority %s', async (_case, extraAuthorities, outcome) => {
  receiver = await startReceiver([200], { tls: certificate('trusted') });
  posthorn = await startTestPosthorn({ settings: extraAuthorities ? { extraAuthorities } : {} });
  await posthorn.newEndpoint(receiver.url, { events: ['a'] });

  const { deliveries } = await posthorn.post({ type: 'a', data: {} });

  const attempts = () => posthorn.attemptsOf(deliveries[0]!.id);
  await eventually(async () => (await attempts()).length > 0);
  expect(await attempts()).toMatchObject([{ outcome }]);
});

test('an endpoint with a client certificate trusts the authority in POSTHORN_EXTRA_CA as well', async () => {
  const authority = createClientAuthority();
  receiver = await startReceiver([200], {
    tls: { ...certificate('trusted'), requestCert: true, ca: authority.certificate },
  });
  posthorn = await startTestPosthorn({ settings: { extraAuthorities: [testAuthority()] } });
  const tls = { clientCertificate: authority.issue('sender') };
  await posthorn.newEndpoint(receiver.url, { events: ['a'], tls });

  const { id } = await posthorn.post({ type: 'a', data: {} });

  expect(await posthorn.untilSettled(id)).toMatchObject({ status: 'delivered' });
  expect(receiver.requests.map(({ client }) => client)).toEqual(['sender']);
});
