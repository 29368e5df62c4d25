import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const DIST = join(__dirname, '../../../dashboard/dist');
const KB = 1_000;

type Chunk = { file: string; css?: string[]; imports?: string[]; isDynamicEntry?: boolean };

/** What browsers load, as it is sent to them. */
export function sizeTests(): void {
  test('the first screen of each page, and what each further one adds, stay small', () => {
    const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8')) as Record<
      string,
      Chunk
    >;
    const sizeOf = (files: string[]): number =>
      files.reduce((sum, file) => sum + statSync(join(DIST, `${file}.br`)).size, 0);
    const chunksOf = (name: string, found = new Set<string>()): Set<string> => {
      if (found.has(name)) return found;
      found.add(name);
      for (const imported of manifest[name]!.imports ?? []) chunksOf(imported, found);
      return found;
    };
    const script = (names: Iterable<string>): number =>
      sizeOf([...names].map((name) => manifest[name]!.file));
    const style = (names: Iterable<string>): number =>
      sizeOf([...names].flatMap((name) => manifest[name]!.css ?? []));
    const operator = chunksOf('operator.html');
    const portal = chunksOf('portal.html');
    expect(script(operator)).toBeLessThan(220 * KB);
    expect(script(portal)).toBeLessThan(170 * KB);
    expect(Math.max(style(operator), style(portal))).toBeLessThan(25 * KB);
    expect([...portal].filter((name) => name.includes('operator'))).toEqual([]);

    const later = Object.keys(manifest).filter((name) => manifest[name]!.isDynamicEntry);
    const addedTo = (page: Set<string>, other: string): [name: string, size: number][] =>
      later
        .filter((name) => !name.startsWith(`src/${other}/`))
        .map((name) => [name, script([...chunksOf(name)].filter((chunk) => !page.has(chunk)))]);
    const added = [...addedTo(operator, 'portal'), ...addedTo(portal, 'operator')];
    expect(added.filter(([, size]) => size > 25 * KB)).toEqual([]);
  });
}
