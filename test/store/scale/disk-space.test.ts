import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expressOwner } from '../../../src/policy/owner.ts';
import { recordDelivered } from '../../../src/store/deliveries/recording/record-delivered.ts';
import { acceptEvents } from '../accept-events.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

const PAGE = readFileSync(join(__dirname, '../../../docs/operations.md'), 'utf8');
/** Events that share a transaction. */
const BATCH = 100;

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

type Load = { bodyBytes: number; fanOut: number; headersAndResponse: number };

/** The formula of docs/operations.md, evaluated as it stands there. */
function documentedBytes({ bodyBytes, fanOut, headersAndResponse }: Load): number {
  const number = String.raw`([\d.,]+)`;
  const formula = new RegExp(
    String.raw`bytes per event = ${number} × body \+ ${number}\s*\+ fan-out × \(${number} \+ attempts × \(${number} \+ recorded\)\)`,
  );
  const found = formula.exec(PAGE);
  if (!found) throw new Error('docs/operations.md has no such formula');
  const [perBodyByte, perEvent, perDelivery, perAttempt] = found
    .slice(1)
    .map((text) => Number(text.replaceAll(',', ''))) as [number, number, number, number];
  const attempts = 1;
  return (
    perBodyByte * bodyBytes + perEvent + fanOut * (perDelivery + attempts * (perAttempt + headersAndResponse))
  );
}

async function storeAndDeliver(events: number, load: Load): Promise<void> {
  const owner = expressOwner('prc_01kb1v7f3e8m5t2q9x4w6z0hcd');
  const body = Buffer.from(`{"data":"${'x'.repeat(load.bodyBytes - 11)}"}`);
  const headers = Buffer.alloc(load.headersAndResponse / 2, 'x');
  for (let stored = 0; stored < events; stored += BATCH) {
    const drafts = Array.from({ length: BATCH }, () => store.draft({ body, data: body.subarray(8, -1) }));
    const { deliveries } = await acceptEvents(store.pool, secretBox, drafts, () => owner);
    const records = deliveries.map(({ id }) =>
      attemptRecordOf(
        { id, epoch: 1 },
        {
          ...{ outcome: 'delivered', statusCode: 204, retryInMs: null, requestHeaders: headers },
          ...{ requestUrl: 'https://hooks.example.com/webhooks', responseHeaders: headers },
        },
      ),
    );
    expect(await recordDelivered(store.pool, records)).toHaveLength(BATCH * load.fanOut);
  }
}

const SIZE = `
  SELECT sum(pg_total_relation_size(oid))::float8 AS bytes FROM pg_class
  WHERE relname IN ('events', 'deliveries', 'attempts', 'outcomes') AND relnamespace = 'public'::regnamespace`;

test.each([
  ['small events to four endpoints each', 2_500, { bodyBytes: 300, fanOut: 4, headersAndResponse: 480 }],
  ['events of 1 kB', 6_000, { bodyBytes: 1_024, fanOut: 1, headersAndResponse: 480 }],
  [
    'events of 500 bytes, receivers that respond with more',
    4_000,
    { bodyBytes: 500, fanOut: 1, headersAndResponse: 1_200 },
  ],
])(
  '%s take as much space as the formula in docs/operations.md says, within 15 %%',
  async (_, events, load) => {
    for (let n = 0; n < load.fanOut; n++) await store.newEndpoint();
    await storeAndDeliver(events, load);
    await store.pool.query('VACUUM events, deliveries, attempts, outcomes');

    const { bytes } = await store.queryOne<{ bytes: number }>(SIZE);
    const ratio = bytes / events / documentedBytes(load);
    expect({ ratio, isWithin: ratio > 0.85 && ratio < 1.15 }).toEqual({ ratio, isWithin: true });
  },
);
