import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Logger } from 'pino';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';

const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_KEYWORD_LIST } =
  proto.temporal.api.enums.v1.IndexedValueType;

/** Search attributes by which operators find workflows in the Web UI. */
const ATTRIBUTES = {
  PosthornProject: INDEXED_VALUE_TYPE_KEYWORD,
  PosthornState: INDEXED_VALUE_TYPE_KEYWORD,
  PosthornEventType: INDEXED_VALUE_TYPE_KEYWORD_LIST,
  PosthornEventId: INDEXED_VALUE_TYPE_KEYWORD_LIST,
};

/** The server refuses to start a workflow if the JSON of a list exceeds this size. */
const MAX_LIST_BYTES = 2_048;

type OperatorConnection = Pick<Connection, 'operatorService'>;

/**
 * Registers missing search attributes. Returns null when all of them exist, otherwise a description of the problem.
 * Workflows then have to start without search attributes, because starting with an unregistered one fails.
 */
export async function ensureSearchAttributes(
  { operatorService }: OperatorConnection,
  namespace: string,
  log: Logger,
): Promise<string | null> {
  try {
    const missing = await missingOrMistyped(operatorService, namespace);
    if (Object.keys(missing).length === 0) return null;
    await operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
    // The server responds OK even if an attribute exists with another type.
    const mistyped = Object.keys(await missingOrMistyped(operatorService, namespace));
    return mistyped.length === 0 ? null : `search attributes exist with another type: ${mistyped.join(', ')}`;
  } catch (error) {
    log.warn(
      { err: error, namespace },
      'search attributes could not be registered; workflows run without them',
    );
    return `search attributes could not be registered (${Object.keys(ATTRIBUTES).join(', ')})`;
  }
}

/** Those of Posthorn's search attributes that the namespace does not have, and those that it has with another type. */
export async function findUnusableAttributes(
  { operatorService }: OperatorConnection,
  namespace: string,
): Promise<{ missing: string[]; mistyped: string[] }> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const unusable = Object.entries(ATTRIBUTES).filter(([name, type]) => customAttributes?.[name] !== type);
  const names = unusable.map(([name]) => name);
  const exists = (name: string): boolean => customAttributes?.[name] !== undefined;
  return { missing: names.filter((name) => !exists(name)), mistyped: names.filter(exists) };
}

async function missingOrMistyped(service: OperatorConnection['operatorService'], namespace: string) {
  const { customAttributes } = await service.listSearchAttributes({ namespace });
  return Object.fromEntries(
    Object.entries(ATTRIBUTES).filter(([name, type]) => customAttributes?.[name] !== type),
  );
}

/**
 * The search attributes of a workflow. A group whose event ids exceed the size of a list has none of them: a list of some
 * would hide the other events from a search, and each id costs Temporal an index entry.
 */
export function searchAttributesOf({ projectId, deliveries }: Assignment): Record<string, string[]> {
  const eventTypes = distinct(deliveries.map(({ type }) => type));
  const eventIds = distinct(deliveries.map(({ eventId }) => eventId));
  return {
    PosthornProject: [projectId],
    PosthornEventType: eventTypes.slice(0, countThatFits(eventTypes)),
    ...(countThatFits(eventIds) === eventIds.length && { PosthornEventId: eventIds }),
  };
}

const distinct = (values: string[]): string[] => [...new Set(values)];

/** How many of the values fit into a list, in order. */
function countThatFits(values: string[]): number {
  let bytes = 2;
  const firstExcess = values.findIndex((value) => {
    bytes += value.length + 3;
    return bytes > MAX_LIST_BYTES;
  });
  return firstExcess === -1 ? values.length : firstExcess;
}
