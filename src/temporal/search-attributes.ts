import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Logger } from 'pino';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';

const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_KEYWORD_LIST } =
  proto.temporal.api.enums.v1.IndexedValueType;

/** What the Web UI can be searched for. */
const ATTRIBUTES = {
  PosthornProject: INDEXED_VALUE_TYPE_KEYWORD,
  PosthornState: INDEXED_VALUE_TYPE_KEYWORD,
  PosthornEventType: INDEXED_VALUE_TYPE_KEYWORD_LIST,
  PosthornEventId: INDEXED_VALUE_TYPE_KEYWORD_LIST,
};

/** The server refuses a start whose list is longer than this as JSON. */
const MAX_LIST_BYTES = 2_048;

type OperatorConnection = Pick<Connection, 'operatorService'>;

/**
 * Registers the search attributes that are missing. Returns null when all are there, else what is wrong: then
 * workflows run without them, since starting with one that is not registered fails.
 */
export async function ensureSearchAttributes(
  { operatorService }: OperatorConnection,
  namespace: string,
  log: Logger,
): Promise<string | null> {
  try {
    const missing = await differing(operatorService, namespace);
    if (Object.keys(missing).length === 0) return null;
    await operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
    // Adding one that exists with another type is answered with OK.
    const still = Object.keys(await differing(operatorService, namespace));
    return still.length === 0 ? null : `search attributes exist with another type: ${still.join(', ')}`;
  } catch (error) {
    log.warn(
      { err: error, namespace },
      'search attributes could not be registered; workflows run without them',
    );
    return `search attributes could not be registered (${Object.keys(ATTRIBUTES).join(', ')})`;
  }
}

async function differing(service: OperatorConnection['operatorService'], namespace: string) {
  const { customAttributes } = await service.listSearchAttributes({ namespace });
  return Object.fromEntries(
    Object.entries(ATTRIBUTES).filter(([name, type]) => customAttributes?.[name] !== type),
  );
}

/** The values for one workflow; lists are cut by bytes, since a start with a longer one fails. */
export function searchAttributesOf({ projectId, deliveries }: Assignment): Record<string, string[]> {
  return {
    PosthornProject: [projectId],
    PosthornEventType: cutToBytes([...new Set(deliveries.map(({ type }) => type))]),
    PosthornEventId: cutToBytes([...new Set(deliveries.map(({ eventId }) => eventId))]),
  };
}

function cutToBytes(values: string[]): string[] {
  let bytes = 2;
  const fitting = values.findIndex((value) => {
    bytes += value.length + 3;
    return bytes > MAX_LIST_BYTES;
  });
  return fitting === -1 ? values : values.slice(0, fitting);
}
