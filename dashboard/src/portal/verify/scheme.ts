import type { Signing } from '../../../../sdk/typescript/src/models.ts';

/** How requests are signed, in the terms in which code checks it. */
export type Scheme = {
  hash: 'sha256' | 'sha512';
  encoding: 'hex' | 'base64';
  /** The header with the signature. */
  header: string;
  idHeader: string | undefined;
  /** Where the time is: in a header of its own, or behind this text in the signature; nowhere if it is not signed. */
  timeHeader: string | undefined;
  timeBehind: string | undefined;
  content: Signing['signature']['content'];
  format: string;
  key: Signing['secret']['key'];
  prefix: string;
};

/** Undefined for a profile whose signature is only a part of a header, which needs code of its own. */
export function schemeOf({ headers, signature, secret }: Signing): Scheme | undefined {
  const headerOf = (variable: string): string | undefined =>
    Object.entries(headers).find(([, template]) => template === variable)?.[0];
  const header = headerOf('$signature');
  if (header === undefined) return undefined;
  const { algorithm, content, encoding, format } = signature;
  const signsTime = content !== '$body';
  return {
    hash: algorithm === 'hmac-sha512' ? 'sha512' : 'sha256',
    encoding,
    header,
    idHeader: content === '$id.$sentAt.$body' ? headerOf('$id') : undefined,
    timeHeader: signsTime && !format.includes('$sentAt') ? headerOf('$sentAt') : undefined,
    timeBehind: format.includes('$sentAt') ? format.split('$sentAt')[0] : undefined,
    content,
    format,
    key: secret.key,
    prefix: secret.prefix,
  };
}

export const signsTime = ({ content }: Scheme): boolean => content !== '$body';

export const escapeForRegExp = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
