import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

type ComposeFile = {
  services: {
    postgres: { command: string[] };
    temporal: { environment: Record<string, string> };
    'temporal-schema': { environment: Record<string, string>; command: string[] };
  };
  configs: { 'temporal-dynamic-config': { content: string } };
};

const text = readFileSync(join(import.meta.dirname, '../../../docker-compose.yml'), 'utf8');
const { services, configs } = parse(text, { merge: true }) as ComposeFile;

/** What docker-compose.yml says about the servers, so that the tests run what operators run. */
export const composed = {
  /** The arguments of `postgres`. */
  postgresArgs: services.postgres.command.slice(1),
  /** Variables of the Temporal server and of its schema tool; addresses and passwords are those of containers. */
  temporalEnvironment: services.temporal.environment,
  schemaEnvironment: services['temporal-schema'].environment,
  /** The shell script that creates both databases. In a compose file `$$` is a dollar sign. */
  schemaScript: services['temporal-schema'].command[0]!.replaceAll('$$', '$'),
  dynamicConfig: configs['temporal-dynamic-config'].content,
};
