import {
  autovacuumCheck,
  connectionsCheck,
  durabilityCheck,
  skewCheck,
} from '../../../src/service/doctor/check-postgres.ts';
import { temporalClockCheck } from '../../../src/service/doctor/check-temporal.ts';
import { idAgeCheck, oldTransactionsCheck } from '../../../src/service/doctor/check-transactions.ts';
import { expiryCheck, responseCheck } from '../../../src/service/doctor/describe-response.ts';

test.each([
  ['fsync', { fsync: false }, /fsync is off/],
  ['full_page_writes', { fullPageWrites: false }, /full_page_writes is off/],
  ['synchronous_commit', { synchronousCommit: 'off' }, /synchronous_commit is off/],
])('%s off is a fault', (_, wrong, found) => {
  const durable = { fsync: true, fullPageWrites: true, synchronousCommit: 'on' };

  expect(durabilityCheck(durable).status).toBe('ok');
  expect(durabilityCheck({ ...durable, ...wrong })).toMatchObject({
    status: 'failed',
    found: expect.stringMatching(found),
    fix: expect.stringContaining('postgresql.conf'),
  });
});

test.each([
  ['the server', { autovacuum: false }, 'autovacuum is off'],
  ['statistics', { trackCounts: false }, 'track_counts is off'],
  ['one table', { tablesWithoutAutovacuum: ['deliveries'] }, 'off for deliveries'],
])('autovacuum off for %s is a fault', (_, wrong, found) => {
  const on = { autovacuum: true, trackCounts: true, tablesWithoutAutovacuum: [] };

  expect(autovacuumCheck(on).status).toBe('ok');
  expect(autovacuumCheck({ ...on, ...wrong })).toMatchObject({
    status: 'failed',
    found: expect.stringContaining(found),
  });
});

// Without a pooler, a process with a pool of 10 has up to 23 connections; with one, 8 direct ones.
test.each([
  [{ available: 92, elsewhere: 0, processes: 3 }, {}, 'ok'],
  [{ available: 92, elsewhere: 1, processes: 3 }, {}, 'warning'],
  [{ available: 68, elsewhere: 0, processes: 3 }, {}, 'failed'],
  [{ available: 22, elsewhere: 0, processes: 0 }, {}, 'failed'],
  [{ available: 32, elsewhere: 0, processes: 3 }, { databaseDirectUrl: 'postgres://direct' }, 'ok'],
])(
  'of %j connections, as many as the processes may open are demanded (%j): %s',
  (capacity, pooler, status) => {
    const check = connectionsCheck({ maxConnections: 100, ...capacity }, { databasePool: 10, ...pooler });

    expect(check.status).toBe(status);
  },
);

test.each([
  [0, 'ok'],
  [4_900, 'ok'],
  [-5_100, 'failed'],
])('a clock that is %s ms ahead of that of Postgres is %s', (skewMs, status) => {
  expect(skewCheck('clock', skewMs).status).toBe(status);
});

test('a clock that differs from that of Temporal is a warning: timers run for a time, not until one', () => {
  expect(temporalClockCheck(200).status).toBe('ok');
  expect(temporalClockCheck(60_000)).toMatchObject({
    status: 'warning',
    found: expect.stringContaining('60 s ahead'),
  });
  expect(temporalClockCheck(undefined).status).toBe('warning');
});

test('the oldest transaction is named, with what ends it', () => {
  const session = {
    kind: 'session' as const,
    name: '4711',
    database: 'other',
    seconds: 400,
    transactions: 9,
  };
  const young = { ...session, seconds: 299 };
  const hidden = { ...session, seconds: null, transactions: 11_000_000 };
  const slot = { ...hidden, kind: 'slot' as const, name: 'replica', database: '' };

  expect(oldTransactionsCheck([young]).status).toBe('ok');
  expect(oldTransactionsCheck([session, young])).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('process 4711 in the database other has been open for 400 s'),
    fix: expect.stringContaining('pg_terminate_backend(4711)'),
  });
  expect(oldTransactionsCheck([hidden]).found).toContain('for 11000000 transactions');
  expect(oldTransactionsCheck([{ ...session, kind: 'prepared', name: 'gid' }])).toMatchObject({
    found: expect.stringContaining('prepared transaction gid'),
    fix: expect.stringContaining('ROLLBACK PREPARED'),
  });
  expect(oldTransactionsCheck([slot]).fix).toContain('pg_drop_replication_slot');
});

test('transaction ids are a warning long before they run out', () => {
  expect(idAgeCheck(200_000_000).status).toBe('ok');
  expect(idAgeCheck(1_600_000_000).status).toBe('warning');
});

const NOW = new Date('2026-11-30T12:00:00Z');
const certificate = (validTo: string, validFrom = '2026-01-01') => ({
  subject: `until ${validTo}`,
  issuer: 'authority',
  names: '',
  validFrom: new Date(validFrom),
  validTo: new Date(validTo),
});

test.each([
  ['2027-03-01', 'ok'],
  ['2026-12-10', 'warning'],
  ['2026-11-29', 'failed'],
])('of a chain with a certificate until %s, the first to expire decides: %s', (validTo, status) => {
  const check = expiryCheck([certificate('2030-01-01'), certificate(validTo)], NOW);

  expect(check).toMatchObject({ status, found: expect.stringContaining(`until ${validTo}`) });
});

test('a certificate that is not valid yet is a fault', () => {
  expect(expiryCheck([certificate('2030-01-01', '2027-01-01')], NOW)).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('2027-01-01'),
  });
});

const REDIRECT = { code: 'REDIRECT_NOT_FOLLOWED', message: 'elsewhere' };

test.each([
  ['POST', 204, undefined, 'ok'],
  ['POST', 401, undefined, 'ok'],
  ['POST', 404, undefined, 'failed'],
  ['POST', 503, undefined, 'failed'],
  ['POST', 308, REDIRECT, 'failed'],
  ['GET', 405, undefined, 'ok'],
  ['GET', 502, undefined, 'warning'],
  ['GET', 302, REDIRECT, 'warning'],
] as const)('%s → %s (redirect: %j) is %s', (method, statusCode, redirect, status) => {
  expect(responseCheck(method, { statusCode, durationMs: 1, redirect }).status).toBe(status);
});
