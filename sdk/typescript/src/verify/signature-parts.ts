import type { SigningProfile } from './profiles.ts';

/** `request.headers` of Fetch, Node, Express, Deno, Bun and similar. */
export type RequestHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export type SignatureSource = {
  /** The value of the signature header. By default it is taken from `headers`. */
  signature?: string | null | undefined;
  /** The event id, for profiles that sign it. By default it is taken from `headers`. */
  id?: string | null | undefined;
  /** The value of the timestamp header (epoch seconds), for profiles that have one. By default it is taken from `headers`. */
  timestamp?: string | null | undefined;
  headers?: RequestHeaders | undefined;
};

export type SignatureParts = {
  signature: string | undefined;
  id: string | undefined;
  timestamp: string | undefined;
};

/** Takes each part from the arguments, otherwise from the headers. */
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
