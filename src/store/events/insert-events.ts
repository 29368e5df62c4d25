import type pg from 'pg';
import type { EncryptionContext } from '../../secrets/secret-box.ts';
import { isExpressOwnerSql } from '../deliveries/express-owner-sql.ts';
import { booleanArray, byteaArray, intArray, textArray, timestampArray } from '../postgres/binary-arrays.ts';
import { dataOffset, storedBytes } from './event-bytes.ts';
import type { EventDraft } from './event-draft.ts';
import { eventKey } from './event-key.ts';
import type { NewDelivery } from './match-receivers.ts';

/** For each delivery, in order: what carries it once it is stored, or null if it waits for an assignment. */
export type Owners = readonly (string | null)[];

// A single statement, so that deliveries are written only for new events. A delivery whose first attempt this process
// makes is written with its claim open. Events are inserted in the order of their keys; otherwise two writers of the same
// ids could deadlock.
const INSERT = `
  WITH draft AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::bytea[], $8::bytea[],
                         $9::int[], $10::int[], $11::bytea[], $12::text[], $13::int[], $14::text[], $15::bytea[], $16::int[],
                         $17::timestamptz[], $18::text[]) WITH ORDINALITY
      AS draft (project_id, id, type, consumer, test, attributes, body, data, data_offset, data_length, content_hash, profile,
                profile_version, target_url, target_secret, fan_out, created_at, policy, number)
  ), new_event AS (
    INSERT INTO events (project_id, id, type, consumer, test, attributes, body, data, data_offset, data_length, content_hash,
                        profile, profile_version, target_url, target_secret, status, delivery_count, open_count, created_at)
    SELECT project_id, id, type, consumer, test, attributes::jsonb, body, data, data_offset, data_length, content_hash, profile,
           profile_version, target_url, target_secret,
           CASE WHEN fan_out = 0 THEN 'unrouted' ELSE 'pending' END, fan_out, fan_out, created_at
    FROM draft
    ORDER BY project_id, id
    ON CONFLICT (project_id, id) DO NOTHING
    RETURNING project_id, id
  ), new_delivery AS (
    INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, consumer, policy, lane, waiting_for, owner,
                            workflow_id, process_id, epoch, claimed_at, status, due_at, created_at)
    SELECT d.id, draft.project_id, draft.id, d.endpoint_id, d.receiver, draft.consumer, draft.policy, d.lane, d.waiting_for,
           d.owner, CASE WHEN NOT ${isExpressOwnerSql('d.owner')} THEN d.owner END,
           CASE WHEN d.owner IS NOT NULL THEN $26::text END,
           CASE WHEN ${isExpressOwnerSql('d.owner')} THEN 1 ELSE 0 END,
           CASE WHEN ${isExpressOwnerSql('d.owner')} THEN clock_timestamp() END,
           CASE WHEN d.waiting_for IS NULL THEN 'pending' ELSE 'held' END,
           CASE WHEN d.waiting_for IS NULL THEN now() END, draft.created_at
    FROM unnest($19::text[], $20::int[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[])
      AS d (id, draft_number, endpoint_id, receiver, lane, waiting_for, owner)
    JOIN draft ON draft.number = d.draft_number
    JOIN new_event ON new_event.project_id = draft.project_id AND new_event.id = draft.id
  ), new_consumer AS (
    INSERT INTO consumers (project_id, id)
    SELECT DISTINCT project_id, consumer FROM draft
    WHERE consumer IS NOT NULL
    ORDER BY project_id, consumer
    ON CONFLICT DO NOTHING
  )
  SELECT number::int FROM draft
  WHERE NOT EXISTS (SELECT FROM new_event WHERE new_event.project_id = draft.project_id AND new_event.id = draft.id)`;

/** The most bytes of data and bodies in one statement. */
const MAX_STATEMENT_BYTES = 1024 * 1024;

/** Inserts the events that are new, with their deliveries. Returns the keys of the new events. */
export async function insertDrafts(
  client: pg.PoolClient,
  drafts: EventDraft[],
  sealedTargets: ReadonlyMap<EventDraft, Buffer>,
  deliveries: NewDelivery[],
  owners: Owners,
  processId: string | null,
): Promise<Set<string>> {
  const owned = deliveries.map((delivery, index) => ({ ...delivery, owner: owners[index]! }));
  const chunks = chunksOf(drafts);
  if (chunks.length === 1) return insertChunk(client, drafts, sealedTargets, owned, processId);
  const byEvent = Map.groupBy(owned, (d) => eventKey(d.projectId, d.eventId));
  const stored = new Set<string>();
  for (const chunk of chunks) {
    const chunkDeliveries = chunk.flatMap((draft) => byEvent.get(eventKey(draft.projectId, draft.id)) ?? []);
    for (const key of await insertChunk(client, chunk, sealedTargets, chunkDeliveries, processId))
      stored.add(key);
  }
  return stored;
}

/** Whether insertDrafts sends a single statement for these drafts. */
export const fitInOneStatement = (drafts: EventDraft[]): boolean => bytesOf(drafts) <= MAX_STATEMENT_BYTES;

const bytesOf = (drafts: EventDraft[]): number => drafts.reduce((sum, draft) => sum + storedBytes(draft), 0);

/** Splits drafts into chunks that fit into one statement, in the order of their keys: two writers of the same ids must not deadlock. */
function chunksOf(drafts: EventDraft[]): EventDraft[][] {
  if (fitInOneStatement(drafts)) return drafts.length === 0 ? [] : [drafts];
  const keyed = drafts.map((draft) => ({ draft, key: eventKey(draft.projectId, draft.id) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const chunks: EventDraft[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const { draft } of keyed) {
    size += bytesOf([draft]);
    if (size > MAX_STATEMENT_BYTES) {
      chunks.push([]);
      size = bytesOf([draft]);
    }
    chunks.at(-1)!.push(draft);
  }
  return chunks;
}

type OwnedDelivery = NewDelivery & { owner: string | null };

async function insertChunk(
  client: pg.PoolClient,
  drafts: EventDraft[],
  sealedTargets: ReadonlyMap<EventDraft, Buffer>,
  deliveries: OwnedDelivery[],
  processId: string | null,
): Promise<Set<string>> {
  const keys = drafts.map((d) => eventKey(d.projectId, d.id));
  const numberOf = new Map(keys.map((key, index) => [key, index + 1]));
  const draftNumbers = deliveries.map((d) => numberOf.get(eventKey(d.projectId, d.eventId))!);
  const fanOut = keys.map(() => 0);
  for (const number of draftNumbers) fanOut[number - 1]! += 1;
  const dataOffsets = drafts.map(dataOffset);
  const { rows: existing } = await client.query<{ number: number }>({
    name: 'insert-events',
    text: INSERT,
    values: [
      textArray(drafts.map((d) => d.projectId)),
      textArray(drafts.map((d) => d.id)),
      textArray(drafts.map((d) => d.type)),
      textArray(drafts.map((d) => d.consumer)),
      booleanArray(drafts.map((d) => d.test)),
      textArray(drafts.map((d) => JSON.stringify(d.attributes))),
      byteaArray(drafts.map((d) => d.body)),
      byteaArray(drafts.map((d, index) => (dataOffsets[index] === null ? d.data : null))),
      intArray(dataOffsets),
      intArray(drafts.map((d) => d.data.length)),
      byteaArray(drafts.map((d) => d.contentHash)),
      textArray(drafts.map((d) => d.profile)),
      intArray(drafts.map((d) => d.profileVersion)),
      textArray(drafts.map((d) => d.target?.url ?? null)),
      byteaArray(drafts.map((d) => sealedTargets.get(d) ?? null)),
      intArray(fanOut),
      timestampArray(drafts.map((d) => d.createdAt)),
      textArray(drafts.map((d) => d.policy)),
      textArray(deliveries.map((d) => d.id)),
      intArray(draftNumbers),
      textArray(deliveries.map((d) => d.endpointId)),
      textArray(deliveries.map((d) => d.receiver)),
      textArray(deliveries.map((d) => d.lane)),
      textArray(deliveries.map((d) => d.waitingFor)),
      textArray(deliveries.map((d) => d.owner)),
      processId,
    ],
  });
  const stored = new Set(keys);
  for (const { number } of existing) stored.delete(keys[number - 1]!);
  return stored;
}

/** The encryption context of a target's sealed secret. */
export const targetSecretContext = (projectId: string, eventId: string): EncryptionContext => ({
  project: projectId,
  recordId: eventId,
  column: 'target_secret',
});
