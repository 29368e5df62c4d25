import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wrapDataDirErrors } from './data-dir/data-dir.ts';
import { readFileIfExists } from './data-dir/local-secrets.ts';
import { findFreePort } from './free-port.ts';

const PREFERRED_PORT = 4001;

/**
 * Where the sample receiver listens: the port that was asked for, else the one of the run before, else 4001, else a
 * free one. It is kept: an endpoint that was registered for the receiver would be lost with its port.
 */
export async function chooseSamplePort(dataDir: string, asked: number | undefined): Promise<number> {
  if (asked !== undefined) return asked;
  const file = join(dataDir, 'sample-port');
  const before = Number(readFileIfExists(file));
  const port = await findFreePort(...(isPort(before) ? [before] : []), PREFERRED_PORT);
  if (!isPort(before)) wrapDataDirErrors(dataDir, () => writeFileSync(file, `${port}\n`, { mode: 0o600 }));
  return port;
}

const isPort = (value: number): boolean => Number.isInteger(value) && value > 0 && value <= 65_535;
