import { disableFailing, warnOfFailing } from '../../../src/store/receivers/failures/failure-alerts.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { type AttemptedEndpoint, DELIVERED, newAttemptedEndpoint, PLAIN } from './attempted-endpoint.ts';

let store: SeededStore;
let endpoint: AttemptedEndpoint;

beforeAll(async () => {
  store = await seedStore();
});
beforeEach(async () => {
  endpoint = await newAttemptedEndpoint(store);
});
afterAll(() => store.drop());

describe('an endpoint that only fails', () => {
  const DAY = 86_400;

  /** It has failed twice, first `ago` seconds ago, and last `ago - span` seconds ago. */
  async function hasFailed(ago: number, span = ago): Promise<void> {
    await endpoint.record(2, PLAIN);
    await store.pool.query(
      `UPDATE receiver_failures SET first_failure_at = now() - $2 * interval '1 second',
                                    last_failure_at = now() - $3 * interval '1 second' WHERE receiver = $1`,
      [endpoint.id, ago, ago - span],
    );
  }
  const pass = async () => {
    // Two processes lead for a moment.
    const [one, other] = await Promise.all([disableFailing(store.pool), disableFailing(store.pool)]);
    await Promise.all([warnOfFailing(store.pool), warnOfFailing(store.pool)]);
    return [...one, ...other];
  };

  test('is reported after an hour and after a day, once each, and its recovery with the success', async () => {
    await hasFailed(3_590);
    await pass();
    expect(await endpoint.told()).toEqual([]);
    await hasFailed(3_610);
    await pass();
    await pass();
    expect(await endpoint.told()).toEqual([
      {
        type: 'endpoint.failing',
        data: {
          endpoint: endpoint.id,
          consumer: null,
          failures: 4,
          firstFailureAt: expect.any(String),
          lastFailureAt: expect.any(String),
        },
      },
    ]);
    await hasFailed(DAY);
    await pass();
    await pass();
    await endpoint.record(2, DELIVERED);
    await pass();
    expect(await endpoint.toldTypes()).toEqual([
      'endpoint.failing',
      'endpoint.failing',
      'endpoint.recovered',
    ]);
    expect((await endpoint.told())[2]!.data).toMatchObject({ endpoint: endpoint.id, failures: 6 });
  });

  test('whose failures nobody was told of recovers silently', async () => {
    await endpoint.record(5, PLAIN);
    await endpoint.record(1, DELIVERED);
    expect(await endpoint.told()).toEqual([]);
  });

  test('is disabled after five days, if the last failure is 12 hours or more after the first', async () => {
    await hasFailed(5 * DAY + 60, 11 * 3_600);
    expect(await pass()).toEqual([]);
    await hasFailed(5 * DAY - 60);
    expect(await pass()).toEqual([]);
    await hasFailed(5 * DAY + 60, 13 * 3_600);
    expect(await pass()).toEqual([endpoint.id]);

    const { status, disabled_reason, disabled_by } = await store.queryOne(
      'SELECT * FROM endpoints WHERE id = $1',
      [endpoint.id],
    );
    expect({ status, disabled_reason, disabled_by }).toEqual({
      status: 'disabled',
      disabled_reason: 'failing',
      disabled_by: null,
    });
    expect((await endpoint.told()).at(-1)).toMatchObject({
      type: 'endpoint.disabled',
      data: { endpoint: endpoint.id, reason: 'failing' },
    });
    expect(await pass()).toEqual([]);
    expect((await endpoint.toldTypes()).filter((type) => type === 'endpoint.disabled')).toHaveLength(1);
  });

  test('is neither reported nor disabled while it is paused, or if the project switched that off', async () => {
    await hasFailed(6 * DAY);
    await store.pool.query(`UPDATE endpoints SET status = 'paused' WHERE id = $1`, [endpoint.id]);
    expect(await pass()).toEqual([]);
    await store.pool.query(`UPDATE endpoints SET status = 'active' WHERE id = $1`, [endpoint.id]);
    await endpoint.withRules({ warnAfter: 0, warnAgainAfter: 0, disableAfter: 0 });
    expect(await pass()).toEqual([]);
    expect(await endpoint.told()).toEqual([]);
    await endpoint.withRules({ disableAfter: 7 * DAY, warnAfter: 0 });
    await pass();
    expect(await endpoint.toldTypes()).toEqual(['endpoint.failing']);
  });
});
