import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createTlsContext } from '../../../../src/egress/connections/tls-identity.ts';
import {
  certificate,
  privateIntermediate,
  privateRoot,
  testAuthority,
} from '../../../receivers/certificates.ts';
import { createClientAuthority } from '../../../receivers/client-certificates.ts';
import { type Receiver, startReceiver } from '../../../receivers/receiver.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

const { create, post } = outboundPerTest();
const authority = createClientAuthority();
const defaults = getCACertificates('default');
const receivers: Receiver[] = [];

beforeAll(() => setDefaultCACertificates([testAuthority()]));
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});
afterAll(() => setDefaultCACertificates(defaults));

async function newReceiver(tls: { key: string; cert: string }): Promise<Receiver> {
  const receiver = await startReceiver([200], {
    tls: { ...tls, requestCert: true, ca: authority.certificate },
  });
  receivers.push(receiver);
  return receiver;
}

test('a context with a client certificate trusts the authorities of Node.js and the extra ones, and others without them do not', async () => {
  create();
  const { key, cert } = certificate('private');
  const [usual, extra] = [
    await newReceiver(certificate('trusted')),
    await newReceiver({ key, cert: `${cert}${privateIntermediate()}` }),
  ];
  const send = (receiver: Receiver, name: string, extraAuthorities: string[]) => {
    const material = { clientCertificate: authority.issue(name), authorities: null };
    const secureContext = createTlsContext(material, extraAuthorities);
    const tls = { id: name, secureContext, hasClientCertificate: true };
    return post(`https://localhost:${receiver.port}/`, { tls });
  };

  expect(await send(usual, 'both', [privateRoot()])).toMatchObject({ outcome: 'delivered' });
  expect(await send(extra, 'both', [privateRoot()])).toMatchObject({ outcome: 'delivered' });
  expect(await send(usual, 'usual', [])).toMatchObject({ outcome: 'delivered' });
  expect(await send(extra, 'usual', [])).toMatchObject({ outcome: 'tls_failed' });
  expect([usual, extra].map(({ requests }) => requests.map(({ client }) => client))).toEqual([
    ['both', 'usual'],
    ['both'],
  ]);
});
