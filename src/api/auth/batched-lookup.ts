const MAX_BATCH = 200;

/** Finds the row with this hash. */
export type Lookup<Row> = (hash: Buffer) => Promise<Row | undefined>;
type PendingLookup<Row> = {
  hash: Buffer;
  resolve: (row: Row | undefined) => void;
  reject: (error: unknown) => void;
};

/** Looks up hashes with one query at a time, for all that arrived during the previous one. Bursts of calls cost no more queries. */
export function createBatchedLookup<Row extends { hash: Buffer }>(
  find: (hashes: Buffer[]) => Promise<Row[]>,
): Lookup<Row> {
  const waiting: PendingLookup<Row>[] = [];
  let isDraining = false;

  async function drain(): Promise<void> {
    isDraining = true;
    while (waiting.length > 0) await resolveBatch(waiting.splice(0, MAX_BATCH));
    isDraining = false;
  }

  async function resolveBatch(lookups: PendingLookup<Row>[]): Promise<void> {
    try {
      const rows = await find(lookups.map(({ hash }) => hash));
      const byHash = new Map(rows.map((row) => [row.hash.toString('base64'), row]));
      for (const { hash, resolve } of lookups) resolve(byHash.get(hash.toString('base64')));
    } catch (error) {
      for (const { reject } of lookups) reject(error);
    }
  }

  return (hash) =>
    new Promise((resolve, reject) => {
      waiting.push({ hash, resolve, reject });
      if (!isDraining) void drain();
    });
}
