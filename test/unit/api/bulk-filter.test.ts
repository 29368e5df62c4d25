import type { Tenant } from '../../../src/api/auth/tenant.ts';
import { bulkFilter } from '../../../src/api/recoveries/bulk-schemas.ts';

const tenant = { projectId: 'prj_a', consumer: null, since: null } as Tenant;
const NOW = Date.parse('2026-11-29T12:00:00Z');

test.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59'])(
  'a time that JSON in Postgres cannot hold, %s, becomes one between 1970 and now',
  (time) => {
    const { since, until } = bulkFilter(tenant, { since: time, until: time }, NOW)!;
    for (const date of [since, until]) expect(JSON.stringify(date)).toMatch(/^"(1970|2026)-/);
  },
);

test('other times are kept', () => {
  const [since, until] = ['2026-01-02T03:04:05.678Z', '2026-11-29T11:00:00.000Z'];
  const filter = bulkFilter(tenant, { since, until }, NOW)!;
  expect([filter.since.toISOString(), filter.until.toISOString()]).toEqual([since, until]);
});
