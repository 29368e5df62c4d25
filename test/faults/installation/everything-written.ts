import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type pg from 'pg';

/** Every text in a value, however deep; bytes as the text that they may be. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (value instanceof Uint8Array) yield Buffer.from(value).toString('utf8');
  else if (value instanceof Date || value === null || typeof value !== 'object') return;
  else for (const [key, member] of Object.entries(value)) yield* [key, ...textsIn(member)];
}

/** What each column of each table holds, as one text: keys are `table.column`. */
export async function dumpTables(pool: pg.Pool): Promise<Map<string, string>> {
  const dump = new Map<string, string>();
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  for (const { name } of tables) {
    const { rows, fields } = await pool.query<Record<string, unknown>>(`SELECT * FROM ${name}`);
    for (const { name: column } of fields) {
      dump.set(`${name}.${column}`, rows.flatMap((row) => [...textsIn(row[column])]).join('\n'));
    }
  }
  return dump;
}

/** All that Temporal keeps of a namespace: histories as JSON and decoded, memos, search attributes and details. */
export async function dumpTemporal(
  address: string,
  namespace: string,
): Promise<{ workflows: number; text: string }> {
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection, namespace });
    const texts: string[] = [];
    let workflows = 0;
    for await (const { workflowId, raw } of workflow.list()) {
      workflows++;
      const handle = workflow.getHandle(workflowId);
      const history = await handle.fetchHistory();
      const { raw: described } = await handle.describe();
      texts.push(historyToJSON(history), ...textsIn([raw, history, described]));
    }
    return { workflows, text: texts.join('\n') };
  } finally {
    await connection.close();
  }
}
