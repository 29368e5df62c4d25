import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import type { EventType, NewEvent } from '../../../../sdk/typescript/src/models.ts';
import { CommandFailure } from '../connection.ts';
import { readData } from './read-data.ts';
import { parseAssignment, setAt } from './set-path.ts';

export type EventOptions = {
  data?: string;
  set?: string[];
  attribute?: string[];
  consumer?: string;
  id?: string;
};

/**
 * The event that the options describe: the data that they name, or the example of the type in the catalogue, with what
 * `set` changes. Throws a CommandFailure if there is neither, or if an option is invalid.
 */
export async function composeEvent(
  client: PosthornClient,
  type: string,
  { data, set = [], attribute = [], consumer, id }: EventOptions,
): Promise<NewEvent> {
  const assignments = set.map(parseAssignment);
  const ownAttributes = attribute.map(parseAttribute);
  const given = data === undefined ? undefined : await readData(data, process.stdin);
  const listed = await findType(client, type);
  // `null` is data too, if it was given.
  const start = data === undefined ? (listed?.example ?? undefined) : given;
  if (start === undefined && assignments.length === 0) {
    const what = listed ? 'has no example in the catalogue' : 'is not in the catalogue';
    throw new CommandFailure(2, `${type} ${what}: give its data with --data or --set.`);
  }
  const attributes = { ...listed?.exampleAttributes, ...Object.fromEntries(ownAttributes) };
  return {
    type,
    data: assignments.reduce((changed, assignment) => setAt(changed, assignment), start),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(consumer !== undefined && { consumer }),
    ...(id !== undefined && { id }),
  };
}

async function findType(client: PosthornClient, type: string): Promise<EventType | undefined> {
  for await (const listed of client.eventTypes.all({ limit: 200 })) if (listed.type === type) return listed;
  return undefined;
}

function parseAttribute(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new CommandFailure(2, `--attribute "${text}" is not name=value.`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
