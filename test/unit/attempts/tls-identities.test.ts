import { randomBytes } from 'node:crypto';
import { createTlsIdentities } from '../../../src/attempts/tls-identities.ts';
import { createSecretBox } from '../../../src/secrets/secret-box.ts';
import { endpointTlsContext } from '../../../src/store/endpoints/endpoints.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { testAuthority } from '../../receivers/certificates.ts';
import { createClientAuthority } from '../../receivers/client-certificates.ts';

const box = createSecretBox([randomBytes(32)]);
const { certificate, privateKey } = createClientAuthority().issue('sender');

/** Identities of endpoints of which all have the same client certificate, and how often each endpoint was read. */
function createIdentities(projectOf: (endpointId: string) => string, extraAuthorities: string[] = []) {
  const reads = new Map<string, number>();
  const query = async (_text: string, [endpointId]: [string]) => {
    reads.set(endpointId, (reads.get(endpointId) ?? 0) + 1);
    const seal = (text: string, column: Parameters<typeof endpointTlsContext>[2]) =>
      box.seal(text, endpointTlsContext(projectOf(endpointId), endpointId, column));
    const sealed = {
      certificate: seal(certificate, 'tls_certificate'),
      privateKey: seal(privateKey, 'tls_key'),
    };
    return { rows: [{ ...sealed, authorities: null }] };
  };
  const identities = createTlsIdentities({ db: { query } as unknown as Queryable, box, extraAuthorities });
  return { reads, get: (endpointId: string) => identities.get(projectOf(endpointId), endpointId, '1') };
}

const projectOf = (endpointId: string): string => (endpointId.startsWith('busy') ? 'busy' : 'quiet');

test('a project with more client certificates than its share does not displace those of another', async () => {
  const { reads, get } = createIdentities(projectOf);
  const kept = await get('quiet');
  for (let n = 0; n < 1_500; n++) await get(`busy_${n}`);

  expect(await get('quiet')).toBe(kept);
  await get('busy_1499');
  await get('busy_0');
  expect(Object.fromEntries(reads)).toMatchObject({ quiet: 1, busy_1499: 1, busy_0: 2 });
});

test('with extra authorities, the certificates of 100 endpoints are kept as well', async () => {
  const { reads, get } = createIdentities(projectOf, [testAuthority()]);
  for (let round = 0; round < 2; round++) for (let n = 0; n < 100; n++) await get(`busy_${n}`);

  expect([...new Set(reads.values())]).toEqual([1]);
});
