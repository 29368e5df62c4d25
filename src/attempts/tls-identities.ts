import { createTlsContext, type TlsIdentity, type TlsMaterial } from '../egress/connections/tls-identity.ts';
import { ProjectCache } from '../limits/project-cache.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { readTls } from '../store/endpoints/endpoint-tls.ts';
import { endpointTlsContext } from '../store/endpoints/endpoints.ts';
import type { Queryable } from '../store/postgres/database.ts';

export type TlsIdentities = {
  /**
   * The client certificate and the authorities of an endpoint. Undefined if it has lost them since the claim, which read
   * `version`. Throws if they cannot be read or opened.
   */
  get(projectId: string, endpointId: string, version: string): Promise<TlsIdentity | undefined>;
};

export type TlsIdentitiesDependencies = {
  db: Queryable;
  box: SecretBox;
  /** PEM certificates to trust, besides those of Node.js, for an endpoint without authorities of its own. */
  extraAuthorities: string[];
};

/**
 * Contexts that are kept: about 1,200 with a client certificate and the authorities of Node.js, and 300 of a project. If a
 * project has more, it displaces its own.
 */
const LIMITS = { maxBytes: 64 * 1024 * 1024, maxBytesOfProject: 16 * 1024 * 1024 };
/** Measured with Node.js 24.21: up to 49 KiB for a context, and 4.4 bytes more for each byte of PEM that it parses. */
const BYTES_OF_A_CONTEXT = 52 * 1024;
const BYTES_PER_BYTE_OF_PEM = 4.5;

type Known = { version: string; identity: TlsIdentity; bytes: number };

/**
 * Reads and keeps what endpoints use for TLS: of each endpoint the last version only, so that an endpoint that changes its
 * certificate often takes no more memory than another.
 */
export function createTlsIdentities({ db, box, extraAuthorities }: TlsIdentitiesDependencies): TlsIdentities {
  const known = new ProjectCache<Known>(LIMITS, ({ bytes }) => bytes);
  const loading = new Map<string, Promise<TlsIdentity | undefined>>();
  const extraLength = extraAuthorities.reduce((sum, pem) => sum + pem.length, 0);

  async function load(
    projectId: string,
    endpointId: string,
    version: string,
  ): Promise<TlsIdentity | undefined> {
    const material = await readMaterial(projectId, endpointId);
    if (!material) return undefined;
    const identity = {
      id: version,
      secureContext: createTlsContext(material, extraAuthorities),
      hasClientCertificate: material.clientCertificate !== null,
    };
    const lengthOfPem = material.authorities?.length ?? extraLength;
    const bytes = Math.ceil(BYTES_OF_A_CONTEXT + BYTES_PER_BYTE_OF_PEM * lengthOfPem);
    known.set(projectId, endpointId, { version, identity, bytes });
    return identity;
  }

  async function readMaterial(projectId: string, endpointId: string): Promise<TlsMaterial | undefined> {
    const stored = await readTls(db, endpointId);
    if (!stored || (!stored.certificate && !stored.authorities)) return undefined;
    const open = (sealed: Buffer, column: Parameters<typeof endpointTlsContext>[2]): string =>
      box.open(sealed, endpointTlsContext(projectId, endpointId, column));
    const { certificate, privateKey, authorities } = stored;
    return {
      clientCertificate:
        certificate && privateKey
          ? { certificate: open(certificate, 'tls_certificate'), privateKey: open(privateKey, 'tls_key') }
          : null,
      authorities: authorities && open(authorities, 'tls_authorities'),
    };
  }

  return {
    async get(projectId, endpointId, version) {
      const last = known.get(endpointId);
      if (last?.version === version) return last.identity;
      const key = `${endpointId} ${version}`;
      const loaded =
        loading.get(key) ?? load(projectId, endpointId, version).finally(() => loading.delete(key));
      loading.set(key, loaded);
      return loaded;
    },
  };
}
