import { fileURLToPath } from 'node:url';
import { posthornPlugin } from '@posthorn/temporal';
import { posthornNexusHandler } from '@posthorn/temporal/nexus';
import { NativeConnection, Worker } from '@temporalio/worker';
import { address, namespace, ORDERS, POSTHORN_NEXUS, posthorn } from './settings.ts';

const path = (module: string): string => fileURLToPath(import.meta.resolve(module));
const connection = await NativeConnection.connect({ address });

/** Your own workflows. Each of them posts an event when it closes. */
const orders = await Worker.create({
  connection,
  namespace,
  taskQueue: ORDERS,
  workflowsPath: path('./workflows.ts'),
  plugins: [posthornPlugin({ client: posthorn, closeEvents: true })],
});

/** The Nexus service: it can run in another process and in another namespace. */
const nexus = await Worker.create({
  connection,
  namespace,
  taskQueue: POSTHORN_NEXUS,
  workflowsPath: path('@posthorn/temporal/deliver-workflow'),
  nexusServices: [posthornNexusHandler],
  plugins: [posthornPlugin({ client: posthorn })],
});

console.log('The workers run. End them with Ctrl-C.');
await Promise.all([orders.run(), nexus.run()]);
await connection.close();
