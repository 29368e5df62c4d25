import type pg from 'pg';
import type { EncryptionContext } from '../../secrets/secret-box.ts';
import { isExpressOwnerSql } from '../deliveries/express-owner-sql.ts';
import type { EventDraft } from './event-draft.ts';
import { eventKey } from './event-key.ts';
import type { NewDelivery } from './match-receivers.ts';

/** For each delivery, in order: what carries it once it is stored, or null if it waits for an assignment. */
export type Owners = readonly (string | null)[];

// A single statement, so that deliveries are written only for new events. A delivery whose first attempt this process
// makes is written with its claim open. Events are inserted in the order of their keys;
// otherwise two writers of the same ids could deadlock.
const INSERT = `
  WITH new_event AS (
    INSERT INTO events (project_id, id, type, consumer, test, attributes, data, body, content_hash, profile,
                        profile_version, target_url, target_secret, status, delivery_count, open_count, created_at)
    SELECT draft.project_id, draft.id, draft.type, draft.consumer, draft.test, draft.attributes, draft.data, draft.body,
           draft.content_hash, draft.profile, draft.profile_version, draft.target_url, draft.target_secret,
           CASE WHEN draft.fan_out = 0 THEN 'unrouted' ELSE 'pending' END, draft.fan_out, draft.fan_out, draft.created_at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::jsonb[], $7::bytea[], $8::bytea[],
                $9::bytea[], $10::text[], $11::int[], $12::text[], $13::bytea[], $14::int[], $15::timestamptz[])
      AS draft (project_id, id, type, consumer, test, attributes, data, body, content_hash, profile, profile_version,
                target_url, target_secret, fan_out, created_at)
    ORDER BY draft.project_id, draft.id
    ON CONFLICT (project_id, id) DO NOTHING
    RETURNING project_id, id
  ), new_delivery AS (
    INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, consumer, policy, lane, waiting_for, owner,
                            workflow_id, process_id, epoch, claimed_at, status, due_at, created_at)
    SELECT d.id, d.project_id, d.event_id, d.endpoint_id, d.receiver, d.consumer, d.policy, d.lane, d.waiting_for, d.owner,
           CASE WHEN NOT ${isExpressOwnerSql('d.owner')} THEN d.owner END,
           CASE WHEN d.owner IS NOT NULL THEN $27::text END,
           CASE WHEN ${isExpressOwnerSql('d.owner')} THEN 1 ELSE 0 END,
           CASE WHEN ${isExpressOwnerSql('d.owner')} THEN clock_timestamp() END,
           CASE WHEN d.waiting_for IS NULL THEN 'pending' ELSE 'held' END,
           CASE WHEN d.waiting_for IS NULL THEN now() END, d.created_at
    FROM unnest($16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[],
                $24::text[], $25::text[], $26::timestamptz[])
      AS d (id, project_id, event_id, endpoint_id, receiver, consumer, policy, lane, waiting_for, owner, created_at)
    JOIN new_event ON new_event.project_id = d.project_id AND new_event.id = d.event_id
  ), new_consumer AS (
    INSERT INTO consumers (project_id, id)
    SELECT DISTINCT project_id, consumer
    FROM unnest($1::text[], $4::text[]) AS draft (project_id, consumer)
    WHERE consumer IS NOT NULL
    ORDER BY project_id, consumer
    ON CONFLICT DO NOTHING
  )
  SELECT project_id, id FROM new_event`;

/** The most bytes of data and bodies in one statement. Serializing 1 MiB blocks the main thread for about 10 ms. */
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

const bytesOf = (drafts: EventDraft[]): number =>
  drafts.reduce((sum, { data, body }) => sum + data.length + body.length, 0);

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
  const fanOut = new Map<string, number>();
  for (const d of deliveries) {
    const key = eventKey(d.projectId, d.eventId);
    fanOut.set(key, (fanOut.get(key) ?? 0) + 1);
  }
  const { rows } = await client.query<{ project_id: string; id: string }>({
    name: 'insert-events',
    text: INSERT,
    values: [
      drafts.map((d) => d.projectId),
      drafts.map((d) => d.id),
      drafts.map((d) => d.type),
      drafts.map((d) => d.consumer),
      drafts.map((d) => d.test),
      drafts.map((d) => JSON.stringify(d.attributes)),
      drafts.map((d) => d.data),
      drafts.map((d) => d.body),
      drafts.map((d) => d.contentHash),
      drafts.map((d) => d.profile),
      drafts.map((d) => d.profileVersion),
      drafts.map((d) => d.target?.url ?? null),
      drafts.map((d) => sealedTargets.get(d) ?? null),
      drafts.map((d) => fanOut.get(eventKey(d.projectId, d.id)) ?? 0),
      drafts.map((d) => d.createdAt),
      deliveries.map((d) => d.id),
      deliveries.map((d) => d.projectId),
      deliveries.map((d) => d.eventId),
      deliveries.map((d) => d.endpointId),
      deliveries.map((d) => d.receiver),
      deliveries.map((d) => d.consumer),
      deliveries.map((d) => d.policy),
      deliveries.map((d) => d.lane),
      deliveries.map((d) => d.waitingFor),
      deliveries.map((d) => d.owner),
      deliveries.map((d) => d.createdAt),
      processId,
    ],
  });
  return new Set(rows.map((row) => eventKey(row.project_id, row.id)));
}

/** The encryption context of a target's sealed secret. */
export const targetSecretContext = (projectId: string, eventId: string): EncryptionContext => ({
  project: projectId,
  recordId: eventId,
  column: 'target_secret',
});
