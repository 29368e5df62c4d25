import { migrate } from '../../../../src/store/migrations/migrate.ts';

/** Migrates a database as a process that a test may kill: node migrate-folder.ts URL FOLDER [ROWS OF A BATCH]. */
const [url, folder, batchRows] = process.argv.slice(2);
const options = { log: console.log, progressMs: 100, locks: { tries: 30, pauseMs: 200 } };
await migrate(url!, { ...options, folder: folder!, ...(batchRows && { batchRows: Number(batchRows) }) });
