/** A part of the source, and what it may import besides itself. Imports point one way: no two may name each other. */
export type Layer = {
  /** A folder or file, from the root of the repository. The longest that fits a file is the file's layer. */
  path: string;
  imports: string[];
  /** Runs where workflows replay: no `node:` module, and no package but those that RESERVED gives it. */
  pure?: true;
};

const CORE = [
  'src/policy',
  'src/sharing',
  'src/signing',
  'src/json-schema',
  'src/profiles',
  'src/egress',
  'src/store',
  'src/outcomes',
];

export const LAYERS: Layer[] = [
  { path: 'src/policy', imports: [], pure: true },
  { path: 'src/sharing', imports: [] },
  { path: 'workflows', imports: ['src/policy', 'workflows/contract.ts'], pure: true },
  { path: 'workflows/contract.ts', imports: ['src/policy'], pure: true },

  { path: 'src/json-schema', imports: ['src/sharing'] },
  { path: 'src/signing', imports: ['src/policy'] },
  { path: 'src/egress', imports: ['src/policy'] },
  { path: 'src/profiles', imports: ['src/policy', 'src/signing', 'src/json-schema'] },
  // What the API asks of those that stand behind it, as types: they implement it without knowing the API.
  { path: 'src/api/ports.ts', imports: ['src/policy', 'src/store'] },
  { path: 'src/store', imports: ['src/policy'] },
  { path: 'src/outcomes', imports: ['src/policy', 'src/store', 'src/api/ports.ts'] },
  { path: 'src/observability', imports: ['src/policy', 'src/store'] },

  { path: 'activities', imports: [...CORE, 'src/observability', 'workflows/contract.ts'] },
  { path: 'src/api', imports: [...CORE, 'src/observability', 'src/api/ports.ts'] },
  {
    path: 'src/temporal',
    imports: [
      'src/policy',
      'src/store',
      'src/observability',
      'src/config.ts',
      'src/api/ports.ts',
      'workflows/contract.ts',
    ],
  },
  {
    path: 'src/dispatch',
    imports: [...CORE, 'src/observability', 'src/temporal', 'src/api/ports.ts', 'workflows/contract.ts'],
  },
  { path: 'src/start-failure.ts', imports: [] },
  { path: 'src/embedded', imports: ['src/config.ts', 'src/store', 'src/start-failure.ts'] },
  // A client of the API: it knows profiles as data, and nothing of what serves them.
  { path: 'src/try', imports: ['src/policy', 'src/profiles', 'src/config.ts', 'src/embedded'] },
  { path: 'src/config-variables.ts', imports: ['src/policy', 'src/egress'] },
  { path: 'src/version.ts', imports: [] },
  { path: 'src/config.ts', imports: ['src/config-variables.ts', 'src/version.ts'] },
  { path: 'src/own-servers.ts', imports: ['src/config.ts', 'src/egress'] },

  // What the commands do, from the first look at the configuration to the last thing closed.
  { path: 'src/start', imports: ['src', 'activities', 'workflows'] },
  // The composition root: only it, and the commands that start it, know everything.
  { path: 'src/main.ts', imports: ['src', 'activities', 'workflows'] },
  { path: 'src/cli.ts', imports: ['src', 'activities', 'workflows'] },
];

/** Packages that only these layers touch. */
export const RESERVED: { packages: RegExp; layers: string[] }[] = [
  { packages: /^express/, layers: ['src/api'] },
  { packages: /^undici$/, layers: ['src/egress'] },
  { packages: /^@temporalio\/(workflow|common)/, layers: ['workflows', 'workflows/contract.ts'] },
  {
    packages: /^@temporalio\//,
    layers: [
      'activities',
      'src/temporal',
      'src/dispatch',
      'src/embedded',
      'src/observability',
      'src/main.ts',
      'src/start',
    ],
  },
];
