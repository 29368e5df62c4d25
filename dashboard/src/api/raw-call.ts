import { errorFromResponse } from '../../../sdk/typescript/src/posthorn-error.ts';
import { apiUrl, sessionFetch } from './client.ts';

/** A call whose JSON goes and comes as text: parsing it would change numbers such as 12345678901234567890. */
export async function callRaw(project: string, method: string, path: string, body?: string): Promise<string> {
  const response = await sessionFetch(apiUrl + path, {
    method,
    headers: {
      'posthorn-project': project,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  });
  if (!response.ok) throw await errorFromResponse(response);
  return response.text();
}

/** JSON text of an object from members that are JSON texts; members that are undefined are left out. */
export const jsonOf = (members: Record<string, string | undefined>): string =>
  `{${Object.entries(members)
    .flatMap(([name, text]) => (text === undefined ? [] : [`${JSON.stringify(name)}:${text}`]))
    .join(',')}}`;
