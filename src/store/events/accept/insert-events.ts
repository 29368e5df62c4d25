import type pg from 'pg';
import type { EncryptionContext } from '../../../secrets/secret-box.ts';
import { isExpressOwnerSql } from '../../deliveries/express-owner-sql.ts';
import {
  bigintArray,
  booleanArray,
  byteaArray,
  intArray,
  textArray,
  timestampArray,
} from '../../postgres/binary-arrays.ts';
import { dataOffset, storedBytes } from '../event-bytes.ts';
import type { EventDraft } from '../event-draft.ts';
import { eventKey } from '../event-key.ts';
import { searchBitsOf } from '../search-bits.ts';
import type { NewDelivery } from './match-receivers.ts';

/** For each delivery, in order: what carries it once it is stored, or null if it waits for an assignment. */
export type Owners = readonly (string | null)[];

/** How many parameters insertSql has. */
export const INSERT_PARAMETERS = 33;
/** Instead of the number of a draft: the condition did not hold. */
const NOTHING_INSERTED = 0;

type InsertParts = { before: string; condition: string; hasConsumers: boolean };

const NEW_CONSUMERS = `, new_consumer AS (
    INSERT INTO consumers (project_id, id)
    SELECT DISTINCT project_id, consumer FROM draft
    WHERE consumer IS NOT NULL
    ORDER BY project_id, consumer
    ON CONFLICT DO NOTHING
  )`;

/**
 * SQL: inserts the events that are new, with their deliveries, if `condition` holds, which may refer to the CTEs in `before`
 * and is checked before numbers are taken. Returns the numbers of the new events. `hasConsumers`: some events have one.
 */
// A single statement, so that deliveries are written only for new events. A delivery whose first attempt this process
// makes is written with its claim open. Events are inserted in the order of their keys; otherwise two writers of the same
// ids could deadlock, but numbered in the order of the drafts.
export const insertSql = ({ before, condition, hasConsumers }: InsertParts): string => `
  WITH ${before} draft AS (
    SELECT draft.*, coalesce(($28::bigint[])[number::int], nextval('event_sequence')) AS sequence,
           ($30::timestamptz[])[number::int] AS expires_at, ($31::text[])[number::int] AS traceparent,
           ($32::text[])[number::int] AS tracestate, ($33::bigint[])[number::int] AS search_bits
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::bytea[], $8::bytea[],
                         $9::int[], $10::int[], $11::bytea[], $12::text[], $13::int[], $14::text[], $15::bytea[], $16::int[],
                         $17::timestamptz[], $18::text[]) WITH ORDINALITY
      AS draft (project_id, id, type, consumer, test, attributes, body, data, data_offset, data_length, content_hash, profile,
                profile_version, target_url, target_secret, fan_out, created_at, policy, number)
    WHERE ${condition}
  ), new_event AS (
    INSERT INTO events (project_id, id, type, consumer, test, attributes, body, data, data_offset, data_length, content_hash,
                        profile, profile_version, target_url, target_secret, status, delivery_count, open_count, created_at,
                        sequence, expires_at, traceparent, tracestate, search_bits)
    SELECT project_id, id, type, consumer, test, attributes::jsonb, body, data, data_offset, data_length, content_hash, profile,
           profile_version, target_url, target_secret,
           CASE WHEN fan_out = 0 THEN 'unrouted' ELSE 'pending' END, fan_out, fan_out, created_at, sequence, expires_at,
           traceparent, tracestate, search_bits
    FROM draft
    ORDER BY project_id, id
    ON CONFLICT (project_id, id) DO NOTHING
    RETURNING project_id, id, sequence, consumer, type
  ), counted AS (
    INSERT INTO accepted_counts (project_id, consumer, type, at, n)
    SELECT project_id, consumer, type, clock_timestamp(), count(*) FROM new_event GROUP BY project_id, consumer, type
  ), new_delivery AS (
    INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, consumer, policy, lane, waiting_for, owner,
                            workflow_id, process_id, sequence, ordered, epoch, claimed_at, status, due_at, test, created_at, expires_at)
    SELECT d.id, draft.project_id, draft.id, d.endpoint_id, d.receiver, draft.consumer, coalesce(d.policy, draft.policy), d.lane, d.waiting_for,
           d.owner, CASE WHEN NOT ${isExpressOwnerSql('d.owner')} THEN d.owner END,
           CASE WHEN d.owner IS NOT NULL THEN $26::text END, draft.sequence, coalesce(d.ordered, false),
           CASE WHEN ${isExpressOwnerSql('d.owner')} THEN 1 ELSE 0 END,
           CASE WHEN ${isExpressOwnerSql('d.owner')} THEN clock_timestamp() END,
           CASE WHEN d.waiting_for IS NULL THEN 'pending' ELSE 'held' END,
           CASE WHEN d.waiting_for IS NULL THEN now() END, draft.test, draft.created_at, draft.expires_at
    FROM unnest($19::text[], $20::int[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[],
                $27::text[], $29::boolean[])
      AS d (id, draft_number, endpoint_id, receiver, lane, waiting_for, owner, policy, ordered)
    JOIN draft ON draft.number = d.draft_number
    JOIN new_event ON new_event.project_id = draft.project_id AND new_event.id = draft.id
    RETURNING id, status, owner
  ), listed AS (
    INSERT INTO assigned_first_attempts (delivery_id)
    SELECT id FROM new_delivery WHERE status = 'pending' AND owner IS NOT NULL
  )${hasConsumers ? NEW_CONSUMERS : ''}
  SELECT draft.number::int, new_event.sequence::float8
  FROM new_event JOIN draft ON draft.project_id = new_event.project_id AND draft.id = new_event.id
  UNION ALL SELECT ${NOTHING_INSERTED}, NULL WHERE NOT ${condition}`;

const INSERT = {
  name: 'insert-events',
  text: insertSql({ before: '', condition: 'true', hasConsumers: true }),
};

/** For a transaction that inserts its consumers last. */
const INSERT_WITHOUT_CONSUMERS = {
  name: 'insert-events-without-consumers',
  text: insertSql({ before: '', condition: 'true', hasConsumers: false }),
};

/** The most bytes of data and bodies in one statement. */
const MAX_STATEMENT_BYTES = 1024 * 1024;

/**
 * Inserts the events that are new, with their deliveries, and their consumers unless the caller inserts these. Returns the
 * numbers of the new events by their keys.
 */
export async function insertDrafts(
  client: pg.PoolClient,
  { drafts, deliveries: owned, ...rest }: ToInsert,
  { withConsumers }: { withConsumers: boolean },
): Promise<Map<string, number>> {
  const statement = withConsumers ? INSERT : INSERT_WITHOUT_CONSUMERS;
  const insert = async (chunk: EventDraft[], itsDeliveries: OwnedDelivery[]): Promise<Map<string, number>> =>
    (await runInsert(client, statement, { ...rest, drafts: chunk, deliveries: itsDeliveries }))!;
  const chunks = chunksOf(drafts);
  if (chunks.length === 1) return insert(drafts, owned);
  const byEvent = Map.groupBy(owned, (d) => eventKey(d.projectId, d.eventId));
  const stored = new Map<string, number>();
  for (const chunk of chunks) {
    const chunkDeliveries = chunk.flatMap((draft) => byEvent.get(eventKey(draft.projectId, draft.id)) ?? []);
    for (const [key, sequence] of await insert(chunk, chunkDeliveries)) stored.set(key, sequence);
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

export const withOwners = (deliveries: NewDelivery[], owners: Owners): OwnedDelivery[] =>
  deliveries.map((delivery, index) => ({ ...delivery, owner: owners[index]! }));

type ToInsert = {
  drafts: EventDraft[];
  sealedTargets: ReadonlyMap<EventDraft, Buffer>;
  deliveries: OwnedDelivery[];
  processId: string | null;
};

/**
 * Runs a statement of insertSql; `more` are the values of its further parameters. Returns the numbers of the new events by
 * their keys, or null if the condition did not hold.
 */
export async function runInsert(
  client: pg.PoolClient,
  statement: { name: string; text: string },
  { drafts, sealedTargets, deliveries, processId }: ToInsert,
  more: unknown[] = [],
): Promise<Map<string, number> | null> {
  const keys = drafts.map((d) => eventKey(d.projectId, d.id));
  const numberOf = new Map(keys.map((key, index) => [key, index + 1]));
  const draftNumbers = deliveries.map((d) => numberOf.get(eventKey(d.projectId, d.eventId))!);
  const fanOut = keys.map(() => 0);
  for (const number of draftNumbers) fanOut[number - 1]! += 1;
  const dataOffsets = drafts.map(dataOffset);
  const { rows } = await client.query<{ number: number; sequence: number }>({
    ...statement,
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
      ownPolicies(deliveries),
      drafts[0]?.sequence === undefined ? null : drafts.map((d) => d.sequence),
      deliveries.some((d) => d.ordered) ? booleanArray(deliveries.map((d) => d.ordered)) : null,
      drafts.some((d) => d.expiresAt) ? timestampArray(drafts.map((d) => d.expiresAt ?? null)) : null,
      drafts.some((d) => d.traceparent) ? textArray(drafts.map((d) => d.traceparent ?? null)) : null,
      drafts.some((d) => d.tracestate) ? textArray(drafts.map((d) => d.tracestate ?? null)) : null,
      bigintArray(drafts.map(searchBitsOf)),
      ...more,
    ],
  });
  if (rows[0]?.number === NOTHING_INSERTED) return null;
  return new Map(rows.map(({ number, sequence }) => [keys[number - 1]!, sequence]));
}

/** The policies that differ from those of their events; null if none does, which leaves the column empty. */
function ownPolicies(deliveries: OwnedDelivery[]): Buffer | null {
  const own = deliveries.map(({ policy, draft }) => (policy === draft.policy ? null : policy));
  return own.every((policy) => policy === null) ? null : textArray(own);
}

/** The encryption context of a target's sealed secret. */
export const targetSecretContext = (projectId: string, eventId: string): EncryptionContext => ({
  project: projectId,
  recordId: eventId,
  column: 'target_secret',
});
