import { Connection } from '@temporalio/client';
import { address, namespace, POSTHORN_NEXUS } from './settings.ts';

// Does what `temporal operator nexus endpoint create` does. With Temporal Cloud, use `tcld` or its web pages.
const connection = await Connection.connect({ address });
await connection.operatorService.createNexusEndpoint({
  spec: { name: 'posthorn', target: { worker: { namespace, taskQueue: POSTHORN_NEXUS } } },
});
console.log(`The Nexus endpoint "posthorn" leads to the task queue "${POSTHORN_NEXUS}".`);
await connection.close();
