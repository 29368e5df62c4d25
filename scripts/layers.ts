/** A part of the source and the layers that it may import. Layers must not import each other in a circle. */
export type Layer = {
  /** A folder or file, relative to the root. A file belongs to the layer with the longest matching path. */
  path: string;
  imports: string[];
  /** Layers within `imports` that it must not import. */
  not?: string[];
  /** Runs in workflows, so it must not import `node:` modules, or packages other than those that RESERVED lists for it. */
  pure?: true;
};

const CORE = [
  'src/policy',
  'src/limits',
  'src/signing',
  'src/json-schema',
  'src/profiles',
  'src/secrets',
  'src/egress',
  'src/store',
  'src/filters',
  'src/outcomes',
];

export const LAYERS: Layer[] = [
  { path: 'src/policy', imports: [], pure: true },
  { path: 'src/limits', imports: [] },
  { path: 'workflows', imports: ['src/policy', 'workflows/contract.ts'], pure: true },
  { path: 'workflows/contract.ts', imports: ['src/policy'], pure: true },

  { path: 'src/json-schema', imports: ['src/limits'] },
  { path: 'src/signing', imports: ['src/policy'] },
  { path: 'src/secrets', imports: [] },
  { path: 'src/egress', imports: ['src/policy', 'src/limits'] },
  { path: 'src/profiles', imports: ['src/policy', 'src/signing', 'src/json-schema'] },
  // The interfaces that the API needs; other layers implement them without importing the API.
  { path: 'src/api/ports.ts', imports: ['src/policy', 'src/store'] },
  { path: 'src/store', imports: ['src/policy', 'src/secrets'] },
  { path: 'src/filters', imports: ['src/json-schema', 'src/limits', 'src/store'] },
  { path: 'src/catalogue', imports: ['src/json-schema', 'src/profiles', 'src/store'] },
  { path: 'src/outcomes/chunk-stream.ts', imports: [] },
  {
    path: 'src/outcomes',
    imports: ['src/policy', 'src/store', 'src/api/ports.ts', 'src/outcomes/chunk-stream.ts'],
  },
  { path: 'src/observability', imports: ['src/policy', 'src/store'] },
  {
    path: 'src/listeners',
    imports: [
      'src/policy',
      'src/secrets',
      'src/egress',
      'src/store',
      'src/observability',
      'src/outcomes/chunk-stream.ts',
      'src/api/ports.ts',
    ],
  },

  {
    path: 'src/attempts',
    imports: [...CORE, 'src/observability', 'workflows/contract.ts'],
  },
  {
    path: 'src/recoveries',
    imports: ['src/policy', 'src/limits', 'src/store', 'src/filters', 'workflows/contract.ts'],
  },
  {
    path: 'activities',
    imports: ['src/policy', 'src/attempts', 'src/recoveries', 'workflows/contract.ts'],
  },
  { path: 'src/api', imports: [...CORE, 'src/catalogue', 'src/observability', 'src/api/ports.ts'] },
  { path: 'src/config/pem.ts', imports: [] },
  { path: 'src/config/variables.ts', imports: ['src/policy', 'src/egress', 'src/config/pem.ts'] },
  { path: 'src/config', imports: ['src/config/variables.ts', 'src/egress'] },
  {
    path: 'src/temporal',
    imports: [
      'src/policy',
      'src/store',
      'src/observability',
      'src/config',
      'src/api/ports.ts',
      'workflows/contract.ts',
    ],
  },
  {
    path: 'src/background',
    imports: [...CORE, 'src/observability', 'src/temporal', 'src/api/ports.ts', 'workflows/contract.ts'],
  },
  {
    path: 'src/dispatch',
    imports: [
      ...CORE,
      'src/background',
      'src/observability',
      'src/temporal',
      'src/api/ports.ts',
      'workflows/contract.ts',
    ],
  },
  { path: 'src/express', imports: [...CORE, 'src/attempts', 'src/dispatch'] },
  { path: 'src/service/start-failure.ts', imports: [] },
  {
    path: 'src/embedded',
    imports: ['src/config', 'src/secrets', 'src/store', 'src/service/start-failure.ts'],
  },

  // The composition root and the commands that start it may import everything.
  { path: 'src/service', imports: ['src', 'activities', 'workflows'] },
  { path: 'src/cli', imports: ['src', 'activities', 'workflows'] },
  { path: 'src/cli/stop-signals.ts', imports: [] },
  // What commands that call a running Posthorn share. They use the TypeScript SDK, as any client would.
  {
    path: 'src/cli/client',
    imports: ['src/config', 'src/embedded', 'src/cli/stop-signals.ts', 'sdk/typescript/src'],
  },
  // Clients of the API: they run in browsers and use the TypeScript SDK. What both pages show imports neither of them.
  { path: 'dashboard/src/theme', imports: [] },
  // Buttons, fields, dialogs: the elements of pages, which know nothing of events or endpoints.
  { path: 'dashboard/src/kit', imports: ['dashboard/src/theme'] },
  {
    path: 'dashboard/src',
    imports: ['dashboard/src/theme', 'dashboard/src/kit', 'sdk/typescript/src'],
  },
  { path: 'dashboard/src/reference', imports: ['dashboard/src'] },
  {
    path: 'dashboard/src/operator',
    imports: ['dashboard/src', 'sdk/typescript/src'],
    not: ['dashboard/src/portal'],
  },
  {
    path: 'dashboard/src/portal',
    imports: ['dashboard/src', 'sdk/typescript/src'],
    not: ['dashboard/src/operator'],
  },
  // A script for pages of others: it brings everything with it.
  { path: 'dashboard/embed', imports: [] },
  // A package for the workflows of others: it imports nothing of Posthorn, and its workflow code is replayed.
  { path: 'packages/temporal/src/contract.ts', imports: [], pure: true },
  { path: 'packages/temporal/src/workflow', imports: ['packages/temporal/src/contract.ts'], pure: true },
  {
    path: 'packages/temporal/src',
    imports: ['packages/temporal/src/contract.ts', 'packages/temporal/src/workflow'],
  },
  // A client of the API: it may use profiles, but not the code that serves them.
  { path: 'src/cli/try', imports: ['src/policy', 'src/profiles', 'src/config', 'src/embedded'] },
];

/** Packages that only these layers may import. */
export const RESERVED: { packages: RegExp; layers: string[] }[] = [
  { packages: /^express/, layers: ['src/api'] },
  { packages: /^undici$/, layers: ['src/egress'] },
  { packages: /^@opentelemetry\//, layers: ['src/observability'] },
  {
    packages: /^@temporalio\/(workflow|common)/,
    layers: ['workflows', 'workflows/contract.ts', 'packages/temporal/src/workflow'],
  },
  { packages: /^nexus-rpc$/, layers: ['packages/temporal/src', 'packages/temporal/src/workflow'] },
  // Reads a file. What it says is part of the configuration.
  { packages: /^@temporalio\/envconfig$/, layers: ['src/config'] },
  {
    packages: /^@temporalio\//,
    layers: [
      'activities',
      'src/temporal',
      'src/dispatch',
      'src/embedded',
      'src/observability',
      'src/service',
      'src/cli',
      'packages/temporal/src',
    ],
  },
];
