import type { EndpointTls, EndpointTlsSummary } from '../../../../sdk/typescript/src/models.ts';

export type CertificateDraft = { certificate: string; privateKey: string };

/** Texts as they were pasted. Undefined: what the endpoint has stays; null: it is removed. */
export type TlsDraft = {
  clientCertificate?: CertificateDraft | null | undefined;
  authorities?: string | null | undefined;
};

/** The member of the API; undefined: nothing changes. */
export function tlsOf({ clientCertificate, authorities }: TlsDraft): EndpointTls | undefined {
  if (clientCertificate === undefined && authorities === undefined) return undefined;
  return {
    ...(clientCertificate !== undefined && { clientCertificate }),
    ...(authorities !== undefined && { authorities }),
  };
}

/** What the API could only call no PEM text. */
export const missingText = (text: string): string | undefined =>
  text.trim() === '' ? 'Paste it, or choose a file.' : undefined;

export const isUsableTls = ({ clientCertificate, authorities }: TlsDraft): boolean =>
  [clientCertificate?.certificate, clientCertificate?.privateKey, authorities].every(
    (text) => text === undefined || text === null || missingText(text) === undefined,
  );

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-(?!-{4})[^-]*)*-----END \1-----/g;

/** The certificates and the keys of a PEM text, without what stands around them. */
function pemParts(text: string): { certificates: string; keys: string } {
  const blocks = [...text.matchAll(BLOCK)].map(([block, label]) => ({ block, label: label! }));
  const joined = (labels: RegExp): string =>
    blocks
      .filter(({ label }) => labels.test(label))
      .map(({ block }) => `${block}\n`)
      .join('');
  return { certificates: joined(/^CERTIFICATE$/), keys: joined(/PRIVATE KEY$|^EC PARAMETERS$/) };
}

/**
 * A text that was written into one of the two fields. Tools write certificates and key into one file: then each goes into its
 * field, so that no key stands in the field that shows its text.
 */
export function withText(
  draft: CertificateDraft,
  field: keyof CertificateDraft,
  text: string,
): CertificateDraft {
  const { certificates, keys } = pemParts(text);
  if (keys === '' || (certificates === '' && field === 'privateKey')) return { ...draft, [field]: text };
  return { certificate: certificates || draft.certificate, privateKey: keys };
}

/** `client certificate CN=sender, 2 authorities`: what the endpoint has once the draft is saved. */
export function tlsText(draft: TlsDraft, present: EndpointTlsSummary | null): string {
  const { clientCertificate = present?.clientCertificate, authorities = present?.authorities } = draft;
  const subject = clientCertificate && 'subject' in clientCertificate ? ` ${clientCertificate.subject}` : '';
  const parts = [
    ...(clientCertificate ? [`client certificate${subject}`] : []),
    ...(typeof authorities === 'string' || authorities?.length ? ['authorities of its own'] : []),
  ];
  return parts.join(', ') || 'no client certificate, no authorities of its own';
}
