import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseSamplePort } from '../../../src/embedded/sample-port.ts';

let dataDir: string;
let taken: Server | undefined;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'posthorn-sample-port-'));
});
afterEach(() => {
  taken?.close();
  taken = undefined;
  rmSync(dataDir, { recursive: true });
});

async function take(port: number): Promise<number> {
  taken = createServer().listen(port, '127.0.0.1');
  await once(taken, 'listening');
  return (taken.address() as AddressInfo).port;
}

test('the sample receiver listens where it was asked to', async () => {
  expect(await chooseSamplePort(dataDir, 9_092)).toBe(9_092);
});

test('the port of the first run is noted for the next ones', async () => {
  const first = await chooseSamplePort(dataDir, undefined);
  expect(readFileSync(join(dataDir, 'sample-port'), 'utf8')).toBe(`${first}\n`);
});

test('the sample receiver comes back to its port after a run in which another program had it', async () => {
  const port = await take(0); // one that no other suite asks for by its number
  writeFileSync(join(dataDir, 'sample-port'), `${port}\n`);
  expect(await chooseSamplePort(dataDir, undefined)).not.toBe(port);

  taken!.close();
  await once(taken!, 'close');
  expect(await chooseSamplePort(dataDir, undefined)).toBe(port);
});
