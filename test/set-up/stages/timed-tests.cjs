const { join, sep } = require('node:path');

/**
 * Suites whose results are times: how late, how fast, how much slower than alone. Beside other suites they would measure
 * those, so `npm test` runs them afterwards, one at a time. Two more kinds run alone: pages in a browser, which are slow to
 * draw beside others, and suites that fill large tables. These would hold up the streams of outcomes of other suites: an
 * outcome is read once all transactions that began before it on the same Postgres, in any database, have ended.
 */
const TIMED = [
  'browser/dashboard',
  'faults/crashes/lost-at-a-rate',
  'faults/crashes/lost-temporal',
  'faults/environment/overload',
  'integration/api/connections',
  'integration/api/tenant-reads',
  'integration/background/reconciler-many-owners',
  'integration/control/drain',
  'integration/control/limits',
  'integration/dispatch/dispatcher',
  'integration/dispatch/dispatcher-failures',
  'integration/dispatch/isolation',
  'integration/egress/addresses/addresses',
  'integration/egress/connections/connections',
  'integration/egress/connections/pools',
  'integration/egress/connections/shares',
  'integration/events/catalogue-limits',
  'integration/events/large-batches',
  'integration/outcomes/tenant-streams',
  'integration/outcomes/waiting',
  'integration/recoveries/recovery-rate',
  'integration/workflows/group-schedule',
  'integration/workflows/long-waits',
  'integration/workflows/schedule',
  'store/migrations/locks',
  'store/migrations/under-load',
  'store/scale/access-at-scale',
  'store/scale/disk-space',
  'store/scale/gates-at-scale',
  'store/scale/growing-table',
  'store/scale/listeners-at-scale',
  'store/scale/lists-at-scale',
  'store/scale/queries-at-scale',
  'store/scale/recoveries-at-scale',
  'store/scale/restricted-rotation',
  'store/scale/statistics-at-scale',
  'unit/dispatch/queues/fresh-queue',
  'unit/egress/lookup',
  'unit/egress/nat64',
];

const files = TIMED.map((path) => join(__dirname, '../..', `${path.replaceAll('/', sep)}.test.ts`));

exports.timedFiles = files;
exports.isTimed = (path) => files.includes(path);
