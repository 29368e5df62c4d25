import { validateHeaderName, validateHeaderValue } from 'node:http';

/** Headers are names and values in turn: their order and case reach the wire as they are here. */
export type PostRequest = { target: string; headers: string[]; body: Buffer };

/** The request line and the headers as latin1 text. @throws what node:http throws for what HTTP cannot carry. */
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
