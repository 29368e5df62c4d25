/** How the end of a body is found (RFC 9112 section 6.3). */
export type Framing =
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  | { kind: 'until_close' }
  /** The header fields contradict each other: no end can be told. */
  | { kind: 'unknown' };

export type ResponseHead = {
  statusCode: number;
  headers: Record<string, string | string[]>;
  framing: Framing;
  /** False when the receiver closes the connection, or wrote a head of which another reader may see another end. */
  keepsAlive: boolean;
  /** Milliseconds for which the receiver keeps the connection if it says so (Keep-Alive: timeout=5), less one second. */
  keepAliveMs: number;
};

type Fields = Map<string, string[]>;

/** Of these the first counts, as in Node; the values of any other are joined with commas (RFC 9110 section 5.3). */
const FIRST_COUNTS = new Set([
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
/** RFC 9110 section 5.5: what a value must not hold is replaced by a space. Postgres could not show a NUL either. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/g;

/** The status once it has arrived, even if nothing more of the head ever does; undefined while it may still change. */
export function parseStatus(head: string): number | undefined {
  const digits = /^HTTP\/\d{1,2}(?:\.\d{1,2})?[ \t]{1,8}(\d{3})[ \t\r\n]/.exec(head)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Reads a head, or the lines of one that have arrived. What cannot be understood in it is left out, since the status
 * alone decides about the attempt; the connection is not used again then.
 */
export function parseResponseHead(text: string, statusCode: number): ResponseHead {
  const [statusLine = '', ...lines] = text.split('\n');
  const { fields, wellFormed } = fieldsOf(lines);
  const framing = framingOf(statusCode, fields);
  const connection = (fields.get('connection') ?? []).join(',').toLowerCase().split(',');
  const says = (option: string): boolean => connection.some((one) => one.trim() === option);
  const kept = statusLine.startsWith('HTTP/1.1 ')
    ? !says('close')
    : statusLine.startsWith('HTTP/1.0 ') && says('keep-alive');
  const hasOneEnd = !(fields.has('transfer-encoding') && fields.has('content-length'));
  const isFramed = framing.kind === 'length' || framing.kind === 'chunked';
  return {
    statusCode,
    headers: headersOf(fields),
    framing,
    keepsAlive: kept && wellFormed && hasOneEnd && isFramed && statusCode !== 101,
    keepAliveMs: restAllowedBy(fields),
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
      // A folded line (RFC 9112 section 5.2) goes on with the value of the one above.
      values.push(`${values.pop()} ${shownValue(text)}`);
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
    const shownName = name.replace(CONTROLS, ' ');
    values = fields.get(shownName);
    if (values) values.push(shownValue(text.slice(colon + 1)));
    else {
      values = [shownValue(text.slice(colon + 1))];
      fields.set(shownName, values);
    }
  }
  return { fields, wellFormed };
}

const shownValue = (text: string): string => text.replace(CONTROLS, ' ').trim();

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
  const isOne = /^\d{1,15}$/.test(first) && lengths.every((length) => length.trim() === first);
  return isOne ? { kind: 'length', bytes: Number(first) } : { kind: 'unknown' };
}

function headersOf(fields: Fields): Record<string, string | string[]> {
  const shown = [...fields].map(([name, values]): [string, string | string[]] => {
    if (name === 'set-cookie') return [name, values];
    return [name, FIRST_COUNTS.has(name) ? values[0]! : values.join(', ')];
  });
  return Object.fromEntries(shown);
}

function restAllowedBy(fields: Fields): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(fields.get('keep-alive')?.[0] ?? '')?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) - 1) * 1_000;
}
