import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectConnectionOf } from '../../../src/cli/client/project-connection.ts';

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'posthorn-connection-'));
  writeFileSync(join(dataDir, 'api-url'), 'http://127.0.0.1:4444\n');
  writeFileSync(join(dataDir, 'api-key'), 'ph_own\n');
  writeFileSync(join(dataDir, 'admin-key'), 'pha_own\n');
});
afterAll(() => rmSync(dataDir, { recursive: true }));

const config = () => ({ dataDir, http: { host: '', port: 0, publicUrl: 'http://127.0.0.1:4000' } });

test('options come before the variables, and these before the data folder', () => {
  const env = { POSTHORN_URL: 'https://variable.example', POSTHORN_KEY: 'variable' };
  expect(projectConnectionOf({ url: 'https://option.example/', key: 'option' }, env, config())).toEqual({
    url: 'https://option.example',
    key: 'option',
  });
  expect(projectConnectionOf({}, env, config())).toEqual({
    url: 'https://variable.example',
    key: 'variable',
  });
  expect(projectConnectionOf({}, {}, config())).toEqual({ url: 'http://127.0.0.1:4444', key: 'ph_own' });
});

test('a project is called with the admin key of the data folder', () => {
  expect(projectConnectionOf({ project: 'prj_1' }, {}, config())).toEqual({
    url: 'http://127.0.0.1:4444',
    key: 'pha_own',
    project: 'prj_1',
  });
});

test('a key of the data folder is not sent to another server', () => {
  expect(() => projectConnectionOf({ url: 'https://other.example' }, {}, config())).toThrow(
    'Set the key for https://other.example with --key or POSTHORN_KEY.',
  );
  expect(projectConnectionOf({ url: 'http://127.0.0.1:4444' }, {}, config()).key).toBe('ph_own');
});

test.each(['not a url', 'ftp://example.com', 'localhost:4000'])('%s is refused', (url) => {
  expect(() => projectConnectionOf({ url, key: 'k' }, {}, config())).toThrow('is not a URL such as');
});

test('without a key anywhere the message says where one can be set', () => {
  const empty = { ...config(), dataDir: '/nonexistent' };
  expect(() => projectConnectionOf({}, {}, empty)).toThrow('There is no key in /nonexistent.');
});
