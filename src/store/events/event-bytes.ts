import { attributeBytes } from '../../policy/attributes.ts';
import type { EventDraft } from './event-draft.ts';

/** SQL: the data of the event `e`, which is a part of its body unless the row has a copy of its own. */
export const EVENT_DATA = 'coalesce(e.data, substr(e.body, e.data_offset + 1, e.data_length))';
/** SQL: the length of the data of the event `e`. */
export const EVENT_DATA_BYTES = 'coalesce(e.data_length, octet_length(e.data))';
/** SQL: the length of the attributes of the event `e`, as JSON. */
export const EVENT_ATTRIBUTE_BYTES = 'octet_length(e.attributes::text)';

/** Where the data of a draft begins in its body; null if it is not a part of the body's memory. */
export function dataOffset({ data, body }: Pick<EventDraft, 'data' | 'body'>): number | null {
  const offset = data.byteOffset - body.byteOffset;
  return data.buffer === body.buffer && offset >= 0 && offset + data.length <= body.length ? offset : null;
}

/** The bytes that are stored for a draft. */
export const storedBytes = (draft: Pick<EventDraft, 'data' | 'body' | 'attributes'>): number =>
  draft.body.length + (dataOffset(draft) === null ? draft.data.length : 0) + attributeBytes(draft.attributes);
