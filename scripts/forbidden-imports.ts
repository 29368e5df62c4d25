import { posix } from 'node:path';
import { LAYERS, type Layer, RESERVED } from './layers.ts';

export type SourceFile = { path: string; text: string };

/** Returns a sentence for each forbidden import, in the order of the files. */
export function forbiddenImports(files: SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const layer = layerOf(path);
    if (!layer) return [`${path} belongs to no layer: give it one in scripts/layers.ts`];
    return importsIn(text).flatMap((specifier) => describeViolation(path, layer, specifier) ?? []);
  });
}

function describeViolation(path: string, layer: Layer, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    const targetLayer = layerOf(target)?.path ?? target;
    const isIn = (prefixes: string[]): boolean => prefixes.some((prefix) => isWithin(targetLayer, prefix));
    const allowed = targetLayer === layer.path || (isIn(layer.imports) && !isIn(layer.not ?? []));
    if (allowed) return undefined;
    return `${path} imports ${target}: ${layer.path} may import ${formatPaths(layer.imports)}`;
  }
  const rules = RESERVED.filter(({ packages }) => packages.test(specifier));
  if (rules.length > 0) {
    if (rules.some(({ layers }) => layers.includes(layer.path))) return undefined;
    return `${path} imports ${specifier}, which is for ${formatPaths(rules.flatMap(({ layers }) => layers))}`;
  }
  return layer.pure
    ? `${path} imports ${specifier}: ${layer.path} is replayed by Temporal, so it must be deterministic`
    : undefined;
}

function layerOf(path: string): Layer | undefined {
  const fitting = LAYERS.filter((layer) => isWithin(path, layer.path));
  return fitting.sort((a, b) => b.path.length - a.path.length)[0];
}

const isWithin = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

const formatPaths = (paths: string[]): string => paths.join(', ') || 'no other layer';

/** Static, dynamic and type imports, and re-exports. */
function importsIn(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm,
  );
  return [...statements].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '');
}
