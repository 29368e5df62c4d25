import { condition, setCurrentDetails } from '@temporalio/workflow';

/**
 * Keeps a task queue for one database. It does nothing and never ends: as long as it is open, Temporal starts no other
 * workflow with its id.
 */
export async function installation(database: string): Promise<void> {
  setCurrentDetails(`The task queue belongs to the Posthorn database ${database}.`);
  await condition(() => false);
}
