const { globSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { maxWorkers: _, projects, ...common } = require('../../jest.config.cjs');

const { transform, transformIgnorePatterns } = projects[0];

/** Debian's packages install each major version into a folder of its own. */
const installed = globSync('/usr/lib/postgresql/*/bin/postgres').map((program) => ({
  displayName: `PostgreSQL ${program.split('/')[4]}`,
  bin: dirname(program),
}));

/** The suite runs once on the embedded Postgres, and once on each Postgres that this machine has. */
module.exports = {
  ...common,
  rootDir: join(__dirname, '../..'),
  maxWorkers: 1, // a cluster and four processes of Posthorn use every core
  testTimeout: 900_000, // longer than the waits of one test together
  projects: [{ displayName: 'embedded PostgreSQL', bin: '' }, ...installed].map(({ displayName, bin }) => ({
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
