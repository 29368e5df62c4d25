import { queryText } from '../../../sdk/typescript/src/call.ts';
import { shellQuoted } from '../kit/text/shell-quoted.ts';
import { apiUrl } from './client.ts';

const KEY = `-H "Authorization: Bearer $POSTHORN_KEY"`;

/** A call that posts JSON as a command for a terminal. */
export const curlPost = (path: string, json: string): string =>
  `curl -sS ${shellQuoted(apiUrl + path)} \\\n  ${KEY} \\\n  -H 'Content-Type: application/json' \\\n  -d ${shellQuoted(json)}`;

/** A call as a command for a terminal. The key is not in it: the shell has it in `POSTHORN_KEY`. */
export const curlCall = (path: string, query: object): string =>
  `curl -sS ${shellQuoted(apiUrl + path + queryText(query))} \\\n  ${KEY}`;
