import { validateHeaderName, validateHeaderValue } from 'node:http';

/** Methods whose responses the response reader can read: that to HEAD has the length of a body that does not follow. */
export type RequestMethod = 'GET' | 'OPTIONS' | 'POST';

/** `headers` alternates names and values; they are sent in this order and case. Without a method it is a POST. */
export type PostRequest = { method?: RequestMethod; target: string; headers: string[]; body: Buffer };

/**
 * The request line and the headers as latin1 text.
 * @throws the errors of node:http for a target, name or value that HTTP does not allow
 */
export function formatRequestHead({ method = 'POST', target, headers }: PostRequest): string {
  validateHeaderValue('request-target', target);
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i]!, headers[i + 1]!];
    validateHeaderName(name);
    validateHeaderValue(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}Connection: keep-alive\r\n\r\n`;
}
