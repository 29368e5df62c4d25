import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ListenerRequest } from '../../../../sdk/typescript/src/listener-stream.ts';
import type { ListenerResponse } from '../../../../sdk/typescript/src/models.ts';

/** Posthorn keeps no more of a response body. */
const MAX_BODY_BYTES = 16_384;
/** More headers than this would make the report too large. */
const MAX_HEADER_CHARACTERS = 8_192;

export type Forwarded = Omit<ListenerResponse, 'delivery' | 'attempt'>;

/**
 * Sends the request to `target` and returns its response, or the code of the failure. `signal` ends it. Redirects are not
 * followed.
 */
export async function forward(
  target: URL,
  { headers, body, timeoutMs }: ListenerRequest,
  signal: AbortSignal,
): Promise<Forwarded> {
  const startedAt = performance.now();
  const bytes = Buffer.from(body, 'utf8');
  const timeout = AbortSignal.timeout(timeoutMs);
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const durationMs = () => performance.now() - startedAt;
  try {
    const response = await new Promise<Forwarded>((resolve, reject) => {
      const outgoing = send(target, {
        method: 'POST',
        headers: { ...headers, 'content-length': String(bytes.length) },
        signal: AbortSignal.any([signal, timeout]),
        agent: false,
      });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => readResponse(incoming).then(resolve, reject));
      outgoing.end(bytes);
    });
    return { ...response, durationMs: durationMs() };
  } catch (error) {
    return { error: timeout.aborted ? 'RESPONSE_TIMEOUT' : codeOf(error), durationMs: durationMs() };
  }
}

/** Reads as much of the body as is kept. */
async function readResponse(incoming: IncomingMessage): Promise<Forwarded> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break;
  }
  const body = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
  const headers: Record<string, string | string[]> = {};
  let characters = 0;
  for (const [name, value = ''] of Object.entries(incoming.headers)) {
    characters += name.length + String(value).length;
    if (characters <= MAX_HEADER_CHARACTERS) headers[name] = value;
  }
  const status = incoming.statusCode!;
  if (status < 200 || status > 599) return { error: 'INVALID_STATUS' };
  return { status, headers, body, truncated: size > MAX_BODY_BYTES };
}

/** The code of the operating system or of TLS, such as ECONNREFUSED. For a name with several addresses, that of the last. */
function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: { code?: unknown }[] };
  const found = typeof code === 'string' ? code : errors?.at(-1)?.code;
  return typeof found === 'string' && /^[A-Z0-9_]{1,64}$/.test(found) ? found : 'UNKNOWN';
}
