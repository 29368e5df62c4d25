import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

type Component = {
  'bom-ref'?: string;
  type: string;
  name: string;
  version: string;
  purl: string;
  scope?: string;
};
type Sbom = {
  metadata: { component: Component & { 'bom-ref': string } };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
};

/** Packages that Vite compiles into the dashboard; package.json has them as development dependencies. */
const BUNDLED_SOURCES = ['dashboard/src/**/*.{ts,tsx,css}', 'sdk/typescript/src/**/*.ts'];
/** dashboard/vite.config.ts reads the icons from it. */
const ICONS = 'lucide-static';

/**
 * The software bill of materials of the image, in CycloneDX: the base image, the packages that Posthorn needs, and those
 * that are compiled into the dashboard. `npm sbom --omit=dev` would leave out the latter, and packages that are also
 * development dependencies, such as @swc/core; and it would list the embedded Postgres, which the image does not contain.
 */
export function imageSbom(): Sbom {
  const sbom = wholeSbom();
  const { component } = sbom.metadata;
  const edges = new Map(sbom.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
  const wanted = new Set([...directDependencies(), ...bundledPackages()]);
  const direct = edges.get(component['bom-ref'])!.filter((ref) => wanted.has(nameOf(ref)));
  const shipped = new Set<string>();
  for (const queue = [...direct]; queue.length > 0; ) {
    const ref = queue.pop()!;
    if (shipped.has(ref)) continue;
    shipped.add(ref);
    queue.push(...(edges.get(ref) ?? []));
  }
  return {
    ...sbom,
    // npm names it after the folder.
    metadata: { ...sbom.metadata, component: { ...component, type: 'application', name: 'posthorn' } },
    components: [baseImage(), ...sbom.components.filter((found) => shipped.has(found['bom-ref']!))],
    dependencies: [
      { ref: component['bom-ref'], dependsOn: direct },
      ...sbom.dependencies.filter(({ ref }) => shipped.has(ref)),
    ],
  };
}

/** Of all packages in package-lock.json; needs neither the network nor node_modules. */
function wholeSbom(): Sbom {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  return JSON.parse(stdout) as Sbom;
}

const directDependencies = (): string[] =>
  Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies);

function bundledPackages(): string[] {
  const files = BUNDLED_SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root }));
  const imports = files.flatMap((file) => [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /(?:from|import|import\()\s*['"]((?:@[\w.-]+\/)?[\w.-]+)/g,
    ),
  ]);
  return [...imports.map(([, name]) => name!), ICONS];
}

/** `@scope/name@1.2.3` without the version. */
const nameOf = (ref: string): string => ref.slice(0, ref.lastIndexOf('@'));

/** Its Debian packages are not listed: only a scanner that reads the built image knows them. */
function baseImage(): Component {
  const [, name, version] = /^ARG NODE_IMAGE=([^:\s]+):(\S+)$/m.exec(
    readFileSync(join(root, 'Dockerfile'), 'utf8'),
  )!;
  return { type: 'container', name: name!, version: version!, purl: `pkg:docker/${name}@${version}` };
}
