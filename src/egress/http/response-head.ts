/** What determines the end of a body (RFC 9112 section 6.3). */
export type Framing =
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  | { kind: 'until_close' }
  /** The header fields contradict each other, so the end is unknown. */
  | { kind: 'unknown' };

export type ResponseHead = {
  statusCode: number;
  headers: Record<string, string | string[]>;
  framing: Framing;
  /**
   * False when the receiver closes the connection, or when another parser might see a different end of the response.
   */
  keepsAlive: boolean;
  /**
   * How long the receiver keeps the connection (`Keep-Alive: timeout=5`), less one second, in milliseconds; or
   * Infinity.
   */
  keepAliveMs: number;
};

type Fields = Map<string, string[]>;

/**
 * As in Node.js, only the first value counts. Values of other headers are joined with commas (RFC 9110 section 5.3).
 */
const SINGLE_VALUE_HEADERS = new Set([
  'age',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
  'server',
]);
const TOKEN = /^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/;
/** Replaced with spaces: RFC 9110 section 5.5 forbids them in values, and Postgres cannot store a NUL in text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it must match control characters
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/g;

/** The status code of a head of which only the beginning may have arrived; undefined while it is incomplete. */
export function parseStatus(head: string): number | undefined {
  const digits = /^HTTP\/\d{1,2}(?:\.\d{1,2})?[ \t]{1,8}(\d{3})[ \t\r\n]/.exec(head)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Parses a head, or its lines that have arrived so far. Invalid lines are skipped, since the status code alone decides
 * the attempt; `keepsAlive` is then false.
 */
export function parseResponseHead(text: string, statusCode: number): ResponseHead {
  const [statusLine = '', ...lines] = text.split('\n');
  const { fields, wellFormed } = fieldsOf(lines);
  const framing = framingOf(statusCode, fields);
  const connection = (fields.get('connection') ?? []).join(',').toLowerCase().split(',');
  const hasOption = (option: string): boolean => connection.some((value) => value.trim() === option);
  const isPersistent = statusLine.startsWith('HTTP/1.1 ')
    ? !hasOption('close')
    : statusLine.startsWith('HTTP/1.0 ') && hasOption('keep-alive');
  const hasOneFraming = !(fields.has('transfer-encoding') && fields.has('content-length'));
  const isFramed = framing.kind === 'length' || framing.kind === 'chunked';
  return {
    statusCode,
    headers: headersOf(fields),
    framing,
    keepsAlive: isPersistent && wellFormed && hasOneFraming && isFramed && statusCode !== 101,
    keepAliveMs: keepAliveMsOf(fields),
  };
}

function fieldsOf(lines: string[]): { fields: Fields; wellFormed: boolean } {
  const fields: Fields = new Map();
  let values: string[] | undefined;
  let wellFormed = true;
  for (const line of lines) {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text === '') continue;
    if (values && /^[ \t]/.test(text)) {
      // A folded line (RFC 9112 section 5.2) continues the value of the previous line.
      values.push(`${values.pop()} ${cleanValue(text)}`);
      wellFormed = false;
      continue;
    }
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (colon !== name.length || !TOKEN.test(name)) wellFormed = false;
    if (name === '') {
      values = undefined;
      continue;
    }
    const cleanName = name.replace(CONTROLS, ' ');
    values = fields.get(cleanName);
    if (values) values.push(cleanValue(text.slice(colon + 1)));
    else {
      values = [cleanValue(text.slice(colon + 1))];
      fields.set(cleanName, values);
    }
  }
  return { fields, wellFormed };
}

const cleanValue = (text: string): string => text.replace(CONTROLS, ' ').trim();

function framingOf(statusCode: number, fields: Fields): Framing {
  if (statusCode < 200 || statusCode === 204 || statusCode === 304) return { kind: 'length', bytes: 0 };
  const encodings = fields.get('transfer-encoding')?.join(',');
  if (encodings !== undefined) {
    const last = encodings.slice(encodings.lastIndexOf(',') + 1).trim();
    return { kind: last.toLowerCase() === 'chunked' ? 'chunked' : 'until_close' };
  }
  const lengths = fields.get('content-length')?.flatMap((value) => value.split(','));
  if (!lengths) return { kind: 'until_close' };
  const first = lengths[0]!.trim();
  const isConsistent = /^\d{1,15}$/.test(first) && lengths.every((length) => length.trim() === first);
  return isConsistent ? { kind: 'length', bytes: Number(first) } : { kind: 'unknown' };
}

function headersOf(fields: Fields): Record<string, string | string[]> {
  const entries = [...fields].map(([name, values]): [string, string | string[]] => {
    if (name === 'set-cookie') return [name, values];
    return [name, SINGLE_VALUE_HEADERS.has(name) ? values[0]! : values.join(', ')];
  });
  return Object.fromEntries(entries);
}

function keepAliveMsOf(fields: Fields): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(fields.get('keep-alive')?.[0] ?? '')?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) - 1) * 1_000;
}
