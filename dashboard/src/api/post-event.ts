import type { AcceptedEvent } from '../../../sdk/typescript/src/models.ts';
import { errorFromResponse } from '../../../sdk/typescript/src/posthorn-error.ts';
import { apiUrl, sessionFetch } from './client.ts';

type WrittenEvent = { type: string; consumer: string; data: string };

/** The body of a post. Parsing the data here would change numbers such as 12345678901234567890. */
export function bodyOfEvent({ type, consumer, data }: WrittenEvent): string {
  const members = [`"type":${JSON.stringify(type)}`];
  if (consumer !== '') members.push(`"consumer":${JSON.stringify(consumer)}`);
  members.push(`"data":${data}`);
  return `{${members.join(',')}}`;
}

/** Posts data as it was written. */
export async function postEvent(project: string, event: WrittenEvent): Promise<AcceptedEvent> {
  const response = await sessionFetch(`${apiUrl}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'posthorn-project': project },
    body: bodyOfEvent(event),
  });
  if (!response.ok) throw await errorFromResponse(response);
  return (await response.json()) as AcceptedEvent;
}
