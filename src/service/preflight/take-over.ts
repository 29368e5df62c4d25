import { Client } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import { createPool } from '../../store/postgres/database.ts';
import { databaseIdentity } from '../../store/postgres/database-identity.ts';
import { connectToTemporal } from '../../temporal/connect.ts';
import { describeTemporalFailure } from '../../temporal/describe-failure.ts';
import { claimTaskQueue } from '../../temporal/installation.ts';
import { ensureNamespace } from '../../temporal/namespace.ts';
import { StartFailure } from '../start-failure.ts';

/** Gives the database the task queue, whichever database has it. Throws a StartFailure if Temporal cannot be reached. */
export async function takeOverTaskQueue({ temporal, databaseUrl, databaseDirectUrl }: Config): Promise<void> {
  const { address, namespace, taskQueue } = temporal;
  if (address === undefined)
    throw new StartFailure('TEMPORAL_ADDRESS is required for "posthorn migrate --take-over".');
  const pool = createPool(databaseDirectUrl ?? databaseUrl!, 1);
  const database = await databaseIdentity(pool).finally(() => pool.end());
  const config = { ...temporal, address };
  try {
    const connection = await connectToTemporal(config, new AbortController().signal);
    try {
      await ensureNamespace(connection, namespace);
      await claimTaskQueue(new Client({ connection, namespace }), taskQueue, database, 'always');
    } finally {
      await connection.close();
    }
  } catch (error) {
    throw new StartFailure(describeTemporalFailure(error, config), { cause: error });
  }
}
