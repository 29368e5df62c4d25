import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { temporalServerFiles } from '../../../scripts/temporal-server.ts';
import type { ClusterPostgres } from './cluster-postgres.ts';
import { composed } from './compose-file.ts';

/** Creates Temporal's two databases as the service `temporal-schema` of docker-compose.yml does. */
export function createTemporalDatabases(postgres: ClusterPostgres): void {
  const { sqlTool, schema } = temporalServerFiles();
  const script = composed.schemaScript.replace('/etc/temporal/schema/postgresql/v12', schema);
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-euc', script], {
    encoding: 'utf8',
    env: {
      ...composed.schemaEnvironment,
      PATH: `${dirname(sqlTool)}:${process.env.PATH}`,
      SQL_HOST: '127.0.0.1',
      SQL_PORT: String(postgres.port),
      SQL_USER: postgres.user,
      SQL_PASSWORD: postgres.password,
    },
  });
  if (status !== 0) throw new Error(`Temporal's schema could not be created:\n${stdout}${stderr}`);
}
