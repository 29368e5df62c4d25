import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirInUse, lockDataDir } from '../../../src/embedded/data-dir/data-dir-lock.ts';
import { readOrCreateLocalSecrets } from '../../../src/embedded/data-dir/local-secrets.ts';
import { processIdentity } from '../../../src/embedded/processes/process-identity.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'posthorn-data-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

test('the keys are made once and stay the same', () => {
  const first = readOrCreateLocalSecrets(dataDir);

  expect(readOrCreateLocalSecrets(dataDir)).toEqual(first);
  expect(first.encryptionKey).toHaveLength(32);
  expect(first.projectKey).toMatch(/^ph_[\w-]{43}$/);
  expect(first.adminKey).not.toBe(first.projectKey);
});

test('only their owner can read them, and no draft is left behind', () => {
  readOrCreateLocalSecrets(dataDir);

  expect(readdirSync(dataDir).sort()).toEqual(['admin-key', 'api-key', 'encryption-key']);
  for (const file of readdirSync(dataDir)) expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
});

test('a key that was edited with a line break is read without it', () => {
  writeFileSync(join(dataDir, 'admin-key'), 'my-own-key\n');

  expect(readOrCreateLocalSecrets(dataDir).adminKey).toBe('my-own-key');
});

test('a folder on which another process runs is refused, with its process id', () => {
  const other = process.ppid;
  writeFileSync(join(dataDir, 'lock'), JSON.stringify({ pid: other, identity: processIdentity(other) }));

  expect(() => lockDataDir(dataDir)).toThrow(DataDirInUse);
  expect(() => lockDataDir(dataDir)).toThrow(`process ${other}`);
  expect(readdirSync(dataDir)).toEqual(['lock']);
});

test.each([
  ['is gone', { pid: 2 ** 22 + 1, identity: 'whatever' }],
  ['is now another process', { pid: process.ppid, identity: '12345 node src/cli/program.ts start' }],
  [
    'is this one, after a restart of the container',
    { pid: process.pid, identity: processIdentity(process.pid) },
  ],
])('a lock whose process %s is taken over', (_, stale) => {
  writeFileSync(join(dataDir, 'lock'), JSON.stringify(stale));

  const unlock = lockDataDir(dataDir);

  unlock();
  expect(readdirSync(dataDir)).toEqual([]);
});
