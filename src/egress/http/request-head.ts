import { validateHeaderName, validateHeaderValue } from 'node:http';

/** `headers` alternates names and values; they are sent in this order and case. */
export type PostRequest = { target: string; headers: string[]; body: Buffer };

/**
 * The request line and the headers as latin1 text.
 * @throws the errors of node:http for a target, name or value that HTTP does not allow
 */
export function formatRequestHead({ target, headers }: PostRequest): string {
  validateHeaderValue('request-target', target);
  let head = `POST ${target} HTTP/1.1\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i]!, headers[i + 1]!];
    validateHeaderName(name);
    validateHeaderValue(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}Connection: keep-alive\r\n\r\n`;
}
