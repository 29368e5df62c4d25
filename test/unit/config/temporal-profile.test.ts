import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, readConfig } from '../../../src/config/config.ts';
import { maskedSummary } from '../../../src/config/masked-summary.ts';
import { usesTls } from '../../../src/config/temporal-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'temporal-profile-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const path = join(folder, `${Math.random()}.toml`);
  writeFileSync(path, text);
  return path;
}

const CLOUD = `
[profile.default]
address = "localhost:7233"

[profile.cloud]
address = "ns.a2dd6.tmprl.cloud:7233"
namespace = "ns.a2dd6"
api_key = "key-of-the-file"

[profile.cloud.grpc_meta]
x-team = "secret-of-the-team"
`;

const temporalOf = (env: NodeJS.ProcessEnv) => readConfig(env, 'start').temporal;

function problemsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(env, 'start');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('a profile says where Temporal is and with what to sign in', () => {
  const env = { TEMPORAL_CONFIG_FILE: fileOf(CLOUD), TEMPORAL_PROFILE: 'cloud' };
  expect(temporalOf(env)).toEqual({
    address: 'ns.a2dd6.tmprl.cloud:7233',
    namespace: 'ns.a2dd6',
    apiKey: 'key-of-the-file',
    metadata: { 'x-team': 'secret-of-the-team' },
    taskQueue: 'posthorn',
  });
});

test('without a name it is the profile default, and a variable is stronger than the profile', () => {
  const path = fileOf(CLOUD);
  expect(temporalOf({ TEMPORAL_CONFIG_FILE: path })).toEqual({
    address: 'localhost:7233',
    namespace: 'default',
    taskQueue: 'posthorn',
  });
  const env = { TEMPORAL_CONFIG_FILE: path, TEMPORAL_PROFILE: 'cloud', TEMPORAL_NAMESPACE: 'other' };
  expect(temporalOf(env)).toMatchObject({ namespace: 'other', apiKey: 'key-of-the-file' });
});

test('a named profile is read from the file of the CLI, and no file is read if nothing names one', () => {
  mkdirSync(join(folder, 'temporalio'));
  writeFileSync(join(folder, 'temporalio', 'temporal.toml'), CLOUD);
  const env = { XDG_CONFIG_HOME: folder };
  expect(temporalOf({ ...env, TEMPORAL_PROFILE: 'default' }).address).toBe('localhost:7233');
  expect(temporalOf(env)).toEqual({ namespace: 'default', taskQueue: 'posthorn' });
});

const withTls = (lines: string) => fileOf(`[profile.default]\naddress = "a:1"\n${lines}`);
test.each([
  ['a table for TLS without values', '[profile.default.tls]', true],
  ['no table for TLS', '', false],
  ['TLS that is disabled', '[profile.default.tls]\ndisabled = true\nserver_name = "x"', false],
  ['TLS that is disabled, with a key', 'api_key = "k"\n[profile.default.tls]\ndisabled = true', false],
  ['a key alone', 'api_key = "k"', true],
])('%s', (_, lines, expected) => {
  expect(usesTls(temporalOf({ TEMPORAL_CONFIG_FILE: withTls(lines) }))).toBe(expected);
});

test('a variable for TLS turns on what the profile has disabled', () => {
  const path = withTls('[profile.default.tls]\ndisabled = true');
  const temporal = temporalOf({ TEMPORAL_CONFIG_FILE: path, TEMPORAL_TLS_SERVER_NAME: 'temporal.internal' });
  expect(usesTls(temporal)).toBe(true);
});

test('a file or profile that cannot be used is named, without a part of the file', () => {
  const broken = fileOf('[profile.default]\napi_key = "key-of-the-file" "');
  expect(problemsOf({ TEMPORAL_CONFIG_FILE: join(folder, 'missing.toml') })).toEqual([
    expect.stringMatching(/^TEMPORAL_CONFIG_FILE cannot be used: ENOENT: no such file or directory/),
  ]);
  expect(problemsOf({ TEMPORAL_CONFIG_FILE: fileOf(CLOUD), TEMPORAL_PROFILE: 'no' })).toEqual([
    `TEMPORAL_CONFIG_FILE cannot be used: Profile 'no' not found in config data`,
  ]);
  expect(problemsOf({ TEMPORAL_PROFILE: 'no', XDG_CONFIG_HOME: join(folder, 'nowhere') })).toEqual([
    `TEMPORAL_PROFILE cannot be used: Profile 'no' not found in config data`,
  ]);
  const [problem] = problemsOf({ TEMPORAL_CONFIG_FILE: broken });
  expect(problem).toMatch(/^TEMPORAL_CONFIG_FILE cannot be used: Invalid TOML document/);
  expect(problem).not.toContain('key-of-the-file');
});

test('what the profile says is checked like the variables', () => {
  const env = { TEMPORAL_CONFIG_FILE: fileOf('[profile.default]\naddress = "no port"') };
  expect(problemsOf(env)).toEqual(['TEMPORAL_ADDRESS is not host:port']);
  const unknown = { TEMPORAL_CONFIG_FILE: fileOf('[profile.default]\nadress = "a:1"') };
  expect(problemsOf(unknown)).toEqual([
    'TEMPORAL_CONFIG_FILE cannot be used: Validation error: key(s) unrecognized in profile.default: adress',
  ]);
});

test('the log has the names of the headers and no value', () => {
  const env = { TEMPORAL_CONFIG_FILE: fileOf(CLOUD), TEMPORAL_PROFILE: 'cloud' };
  const summary = JSON.stringify(maskedSummary(readConfig(env, 'start')));
  expect(summary).toContain('"metadata":["x-team"]');
  expect(summary).not.toMatch(/secret-of-the-team|key-of-the-file/);
});
