import type pg from 'pg';
import { MAX_ENDPOINTS_PER_EVENT } from '../../../policy/quotas.ts';
import { lastStatements, lockWaitLimited } from '../../postgres/database.ts';
import type { EventDraft } from '../event-draft.ts';
import { type AcceptTransaction, isOf, ownersByDelivery, type StoredEvents } from './accept-events.ts';
import { readResults } from './accept-result.ts';
import { audiencesOf } from './audience.ts';
import { FiltersNeeded } from './event-filters.ts';
import { INSERT_PARAMETERS, insertSql, type Owners, runInsert, withOwners } from './insert-events.ts';
import { matchesSql, matchValues } from './match-endpoints.ts';
import { deliveriesOf, type NewDelivery } from './match-receivers.ts';
import { needNumbers } from './number-drafts.ts';
import { FINGERPRINT, type RememberedMatches } from './remembered-matches.ts';

/*
 * Events are usually stored in two round trips: the match, then the insert, because what carries a delivery is decided in
 * between. If the endpoints that match are remembered, that is decided beforehand, and one statement matches again and
 * inserts only if nothing has changed. It saves the first round trip and two messages.
 */

const FINGERPRINT_PARAMETER = INSERT_PARAMETERS + 7;
const LOCK_WAIT_PARAMETER = INSERT_PARAMETERS + 8;

// The match runs first, because the condition needs its result: endpoints are locked before events get their numbers.
const insertIfPredicted = (name: string, hasConsumers: boolean): { name: string; text: string } => ({
  name,
  text: insertSql({
    before: `
    prediction AS MATERIALIZED (
      SELECT ${FINGERPRINT} = $${FINGERPRINT_PARAMETER} AS holds
      FROM (${matchesSql(INSERT_PARAMETERS + 1, hasConsumers)}) AS matched
      WHERE ${lockWaitLimited(`$${LOCK_WAIT_PARAMETER}`)}
    ),`,
    condition: '(SELECT holds FROM prediction)',
    hasConsumers,
  }),
});

const INSERT_IF_PREDICTED = insertIfPredicted('insert-predicted-events', true);
/** Without its parts for consumers, the statement starts 100 µs earlier. */
const INSERT_WITHOUT_CONSUMERS = insertIfPredicted('insert-predicted-events-without-consumers', false);

/** Like an AcceptTransaction whose `store` results in null, with nothing stored, if the deliveries are not those to store. */
export type PredictedTransaction = Omit<AcceptTransaction, 'store'> & {
  store(owners: Owners): Promise<StoredEvents | null>;
};

/**
 * Null if the endpoints of an event are not remembered, or if the events need more than one statement or a number before.
 * `maxLockWaitMs` is that of AcceptOptions.
 */
export async function predictAccept(
  pool: pg.Pool,
  remembered: RememberedMatches,
  drafts: EventDraft[],
  processId: string | null,
  maxLockWaitMs = 0,
): Promise<PredictedTransaction | null> {
  if (drafts.some(({ target }) => target !== null) || needNumbers(drafts)) return null;
  const audiences = audiencesOf(drafts);
  const prediction = remembered.recall(audiences);
  if (!prediction) return null;
  const { matched, fingerprint } = prediction;
  const fanOut = audiences.reduce(
    (sum, { drafts: { length } }, index) => sum + length * matched[index]!.length,
    0,
  );
  if (fanOut > MAX_ENDPOINTS_PER_EVENT) return null;

  const maxMatches = matched.reduce((sum, { length }) => sum + length, 0) + 1;
  const match = [...matchValues(audiences, maxMatches), fingerprint, String(maxLockWaitMs)];
  const client = await pool.connect();
  try {
    // After the wait for a connection, because a request must start soon after its endpoint was read.
    const byDraft = deliveriesOf(drafts.length, audiences, matched, performance.now());
    return transactionOf(client, pool, { drafts, byDraft, processId, match });
  } catch (error) {
    client.release();
    // An endpoint had another filter when it was remembered. Only the match knows which ones are needed now.
    if (error instanceof FiltersNeeded) return null;
    throw error;
  }
}

type Predicted = {
  drafts: EventDraft[];
  /** The deliveries of each draft, in order. */
  byDraft: NewDelivery[][];
  processId: string | null;
  /** The parameters after those of the insert. */
  match: unknown[];
};

function transactionOf(
  client: pg.PoolClient,
  pool: pg.Pool,
  { drafts, byDraft, processId, match }: Predicted,
): PredictedTransaction {
  const deliveries = byDraft.flat();
  return {
    deliveries,
    rollback: async () => client.release(),
    store: (owners) =>
      lastStatements(client, async () => {
        const owned = withOwners(deliveries, owners);
        const toInsert = { drafts, sealedTargets: new Map(), deliveries: owned, processId };
        const hasConsumers = drafts.some(({ consumer }) => consumer !== null);
        const statement = hasConsumers ? INSERT_IF_PREDICTED : INSERT_WITHOUT_CONSUMERS;
        const stored = await runInsert(client, statement, toInsert, match);
        if (!stored) return null;
        const ownerOf = ownersByDelivery(deliveries, owners);
        return { has: isOf(stored), results: () => readResults(pool, drafts, byDraft, stored, ownerOf) };
      }),
  };
}
