import { condition, setCurrentDetails, setWorkflowOptions } from '@temporalio/workflow';
import { goesOnWithNewBuilds } from './goes-on-with-new-builds.ts';

/**
 * Keeps a task queue for one database. It does nothing and never ends: as long as it is open, Temporal starts no other
 * workflow with its id.
 */
export async function installation(database: string): Promise<void> {
  setCurrentDetails(`The task queue belongs to the Posthorn database ${database}.`);
  await condition(() => false);
}

// It never ends, so it must not stay on the build that it began on.
setWorkflowOptions(goesOnWithNewBuilds, installation);
