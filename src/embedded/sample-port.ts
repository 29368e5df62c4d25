import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wrapDataDirErrors } from './data-dir/data-dir.ts';
import { readFileIfExists } from './data-dir/local-secrets.ts';
import { findFreePort } from './free-port.ts';

const PREFERRED_PORT = 4001;

/**
 * The port of the sample receiver: the configured port, else the port of the previous run, else 4001, else a free one.
 * The port is stored, because endpoints that were created for the receiver contain it.
 */
export async function chooseSamplePort(dataDir: string, configured: number | undefined): Promise<number> {
  if (configured !== undefined) return configured;
  const file = join(dataDir, 'sample-port');
  const previous = Number(readFileIfExists(file));
  const port = await findFreePort(...(isPort(previous) ? [previous] : []), PREFERRED_PORT);
  if (!isPort(previous)) wrapDataDirErrors(dataDir, () => writeFileSync(file, `${port}\n`, { mode: 0o600 }));
  return port;
}

const isPort = (value: number): boolean => Number.isInteger(value) && value > 0 && value <= 65_535;
