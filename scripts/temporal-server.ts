import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { userCacheFolder } from '../src/embedded/temporal/temporal-cli.ts';

const compose = parse(readFileSync(join(import.meta.dirname, '../docker-compose.yml'), 'utf8'), {
  merge: true,
}) as { services: { temporal: { image: string } } };

/** The version of the Temporal server that docker-compose.yml runs. */
export const TEMPORAL_SERVER_VERSION = compose.services.temporal.image.split(':')[1]!;

/** In the user's cache folder, as the dev server: `npm ci` would empty a folder in node_modules. */
export const temporalServerFolder = (): string =>
  join(userCacheFolder(process.env), 'posthorn', `temporal-server-${TEMPORAL_SERVER_VERSION}`);

/** What scripts/build-temporal-server.ts makes. `schema` has the folders `temporal` and `visibility`. */
export const temporalServerFiles = (folder = temporalServerFolder()) => ({
  server: join(folder, 'temporal-server'),
  sqlTool: join(folder, 'temporal-sql-tool'),
  schema: join(folder, 'schema'),
});

export const isTemporalServerBuilt = (): boolean => Object.values(temporalServerFiles()).every(existsSync);
