import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDataDir, wrapDataDirErrors } from '../../../src/embedded/data-dir/data-dir.ts';
import { makeFolder } from '../../../src/embedded/data-dir/make-folder.ts';
import { StartFailure } from '../../../src/service/start-failure.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder is made with those above it, and one that is there keeps its mode', () => {
  const deep = join(folder, 'one/two');
  makeFolder(deep, 0o700);
  expect(statSync(deep).mode & 0o777).toBe(0o700);
  makeFolder(deep, 0o755);
  expect(statSync(deep).mode & 0o777).toBe(0o700);
});

test('where a file system takes no new name, it says so at once', () => {
  // /proc refuses with ENOENT, for which Node's recursive mkdir tries again without end.
  const refusing = existsSync('/proc/self') ? '/proc/posthorn/deep' : '/dev/null/deep';
  expect(() => makeDataDir(refusing)).toThrow(StartFailure);
  expect(() => makeDataDir(refusing)).toThrow(/Set POSTHORN_DATA_DIR/);
});

test('a full disk is named with the variable of the folder', () => {
  const full = '/dev/full';
  const write = () => {
    if (existsSync(full)) writeFileSync(full, 'x');
    else throw Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write' });
  };
  expect(() => wrapDataDirErrors(folder, write)).toThrow(
    /The data folder \S+ cannot be used: no space left on the device\. Set POSTHORN_DATA_DIR/,
  );
});
