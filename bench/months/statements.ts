import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { serializePolicy } from '../../src/policy/retry-policy.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { claimDeliveries } from '../../src/store/deliveries/claims/claim-deliveries.ts';
import {
  rowsAtOnce as deliveriesAtOnce,
  isSearch as isDeliverySearch,
} from '../../src/store/deliveries/delivery-filter.ts';
import { listDeliveries } from '../../src/store/deliveries/delivery-lists.ts';
import type { AttemptRecord } from '../../src/store/deliveries/recording/attempt-record.ts';
import { recordDelivered } from '../../src/store/deliveries/recording/record-delivered.ts';
import { beginAccept } from '../../src/store/events/accept/accept-events.ts';
import type { EventDraft } from '../../src/store/events/event-draft.ts';
import { isSearch as isEventSearch, searchOptions } from '../../src/store/events/event-filter.ts';
import { listEventSummaries, listEvents } from '../../src/store/events/event-lists.ts';
import { newId } from '../../src/store/postgres/ids.ts';
import { searchPage } from '../../src/store/postgres/searches.ts';
import { PROJECTS } from './fill.ts';

const OWNER = 'group/bench';
const BOX = createSecretBox([randomBytes(32)]);
const PROJECT = PROJECTS[0]!;
const EVENTS_AT_ONCE = 16;
const POLICY = serializePolicy({ delays: [60], timeout: 15, jitter: 0 });

const draftOf = (n: number, body: Buffer): EventDraft => ({
  projectId: PROJECT,
  id: newId('evt', Date.now()),
  type: `bench.${n % 20}`,
  consumer: null,
  attributes: {},
  data: body.subarray(8, -1),
  body,
  contentHash: Buffer.alloc(32),
  profile: 'standard-webhooks',
  profileVersion: 1,
  policy: POLICY,
  target: null,
  endpoint: null,
  test: false,
  createdAt: new Date(),
});

const recordOf = ({ id, epoch }: { id: string; epoch: number }): AttemptRecord => ({
  ...{
    id,
    epoch,
    startedAt: new Date(),
    durationMs: 40,
    outcome: 'delivered',
    statusCode: 204,
    resent: false,
  },
  ...{ requestUrl: 'https://hooks.example.com/webhooks/1', requestHeaders: Buffer.alloc(300, 'x') },
  ...{ responseHeaders: Buffer.alloc(180, 'x'), responseBody: Buffer.alloc(0), responseTruncated: false },
  ...{ errorCode: null, errorMessage: null, retryInMs: null, finalReason: null, receiverFailure: null },
  nextOwner: null,
});

export type StepTimes = { accept: number; claim: number; record: number };

/** Stores 16 events of a body's size with one delivery each, claims and records them. Returns the milliseconds of each step. */
export async function deliverOnce(pool: pg.Pool, bodyBytes: number): Promise<StepTimes> {
  const body = Buffer.from(`{"data":"${'x'.repeat(bodyBytes - 11)}"}`);
  const drafts = Array.from({ length: EVENTS_AT_ONCE }, (_, n) => draftOf(n, body));
  const times = [performance.now()];
  const transaction = await beginAccept(pool, BOX, drafts);
  await transaction.store(transaction.deliveries.map(() => OWNER));
  times.push(performance.now());
  const ids = transaction.deliveries.map(({ id }) => ({ id, step: 0 }));
  const claims = await claimDeliveries(pool, OWNER, ids);
  times.push(performance.now());
  const recorded = await recordDelivered(pool, claims.map(recordOf));
  times.push(performance.now());
  if (recorded.length !== EVENTS_AT_ONCE) throw new Error(`${recorded.length} deliveries were recorded`);
  const [accept, claim, record] = times.slice(1).map((time, n) => time - times[n]!) as [
    number,
    number,
    number,
  ];
  return { accept, claim, record };
}

const DAY_MS = 86_400_000;
/** Every tenth event is of a small project, so its endpoints are others than those of the large one. */
const ENDPOINT_OF = new Map(PROJECTS.map((id, n) => [id, `ep_${id}_${n === 0 ? 1 : 0}`]));

/** Pages of lists by every kind of filter, as the API reads them. Some match no event. */
export const LISTS: Record<string, (pool: pg.Pool) => Promise<unknown>> = Object.fromEntries(
  PROJECTS.slice(0, 2).flatMap((projectId) => {
    const scope = { projectId, consumer: null };
    const first = { limit: 50, after: null };
    const name = projectId.replace('prj_', '');
    const events = (what: string, filter: Parameters<typeof listEvents>[2]) => [
      `${name}: events ${what}`,
      (pool: pg.Pool) =>
        isEventSearch(filter)
          ? searchPage(
              first,
              (page, rows) => listEvents(pool, scope, filter, page, rows),
              searchOptions(filter, scope),
            )
          : listEvents(pool, scope, filter, first),
    ];
    const deliveries = (what: string, filter: Parameters<typeof listDeliveries>[2]) => [
      `${name}: deliveries ${what}`,
      (pool: pg.Pool) =>
        isDeliverySearch(filter)
          ? searchPage(first, (page, rows) => listDeliveries(pool, scope, filter, page, rows), {
              rowsAtOnce: deliveriesAtOnce(filter),
            })
          : listDeliveries(pool, scope, filter, first),
    ];
    const endpoint = ENDPOINT_OF.get(projectId)!;
    const until = new Date(Date.now() - 45 * DAY_MS);
    return [
      events('', {}),
      events('before a day', { until }),
      events('of a type', { type: 'bench.3' }),
      events('of an unused type', { type: 'zz' }),
      events('of an unused status', { statuses: ['undeliverable'] }),
      events('to an endpoint', { endpoint }),
      events('with an outcome that none has', { outcome: 'timeout' }),
      events('with attributes that none has', { attributes: { a: 'b' } }),
      events('with text that none has', { contains: Buffer.from('zz') }),
      deliveries('', {}),
      deliveries('before a day', { until }),
      deliveries('to an endpoint', { endpoint }),
      deliveries('that need attention', { attention: true }),
      deliveries('of an unused status', { statuses: ['held'] }),
      deliveries('of an unused type', { type: 'zz' }),
      deliveries('of an unused status code', { statusCode: 503 }),
      deliveries('with attributes that none has', { attributes: { a: 'b' } }),
      deliveries('with text that none has', { contains: Buffer.from('zz') }),
      [`${name}: summaries of events`, (pool: pg.Pool) => listEventSummaries(pool, scope, {}, first)],
    ] as [string, (pool: pg.Pool) => Promise<unknown>][];
  }),
);
