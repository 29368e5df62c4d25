import { randomBytes } from 'node:crypto';
import type { TestPosthorn } from '../set-up/test-posthorn.ts';

/** What `temporal operator nexus endpoint create` does. Returns the name of the endpoint. */
export async function createNexusEndpoint(posthorn: TestPosthorn, taskQueue: string): Promise<string> {
  const name = `posthorn-${randomBytes(6).toString('hex')}`;
  const { namespace } = posthorn.config.temporal;
  await posthorn.temporal.connection.operatorService.createNexusEndpoint({
    spec: { name, target: { worker: { namespace, taskQueue } } },
  });
  return name;
}
