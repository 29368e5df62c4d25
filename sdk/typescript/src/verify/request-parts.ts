import type { SigningProfile } from './profiles.ts';

/** `request.headers` of Fetch, Node, Express, Deno, Bun and their kin. */
export type RequestHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export type SignatureSource = {
  /** The value of the signature header; with `headers` it is found there. */
  signature?: string | null | undefined;
  /** Of the profiles that sign the id and show it in a header. */
  id?: string | null | undefined;
  /** Of the profiles that show the time in a header of its own: epoch seconds, as the header has them. */
  timestamp?: string | null | undefined;
  headers?: RequestHeaders | undefined;
};

export type SignatureParts = {
  signature: string | undefined;
  id: string | undefined;
  timestamp: string | undefined;
};

/** What was given, and what the headers have of the rest. */
export function extractSignatureParts(
  given: SignatureSource,
  { headers: templates }: SigningProfile,
): SignatureParts {
  const fromHeaders = (variable: string): string | undefined => {
    const [name] = Object.entries(templates).find(([, template]) => template === variable) ?? [];
    return name === undefined || !given.headers ? undefined : headerOf(given.headers, name.toLowerCase());
  };
  return {
    signature: given.signature ?? fromHeaders('$signature'),
    id: given.id ?? fromHeaders('$id'),
    timestamp: given.timestamp ?? fromHeaders('$sentAt'),
  };
}

function headerOf(headers: RequestHeaders, lowerCaseName: string): string | undefined {
  if (isFetchHeaders(headers)) return headers.get(lowerCaseName) ?? undefined;
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === lowerCaseName) ?? [];
  return typeof value === 'object' ? value.join(' ') : value;
}

const isFetchHeaders = (headers: RequestHeaders): headers is { get(name: string): string | null } =>
  typeof headers.get === 'function';
