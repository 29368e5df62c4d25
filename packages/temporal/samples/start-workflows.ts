import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { address, namespace, ORDERS } from './settings.ts';
import type { handOverOrder, shipOrder } from './workflows.ts';

const connection = await Connection.connect({ address });
const { workflow } = new Client({ connection, namespace });
const order = randomUUID();

const event = await workflow.execute<typeof shipOrder>('shipOrder', {
  taskQueue: ORDERS,
  workflowId: `ship-${order}`,
  args: [order],
});
console.log(`shipOrder sent the event ${event}`);

const status = await workflow.execute<typeof handOverOrder>('handOverOrder', {
  taskQueue: ORDERS,
  workflowId: `hand-over-${order}`,
  args: [order],
});
console.log(`handOverOrder knows that its event is ${status}`);
await connection.close();
