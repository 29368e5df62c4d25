import { startEmbeddedPostgres } from '../../src/embedded/postgres/postgres.ts';

/** A process that starts a Postgres on the given folder, says where it is, and stays until it is killed. */
const { url, pid } = await startEmbeddedPostgres({
  dataDir: process.argv[2]!,
  durable: false,
  log: () => {},
});
console.log(JSON.stringify({ url, pid }));
process.on('SIGINT', () => console.log('interrupted'));
setInterval(() => {}, 60_000);
