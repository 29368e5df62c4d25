import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { processIdentity } from '../../../src/embedded/processes/process-identity.ts';
import { findTemporalCli, TEMPORAL_CLI_VERSION } from '../../../src/embedded/temporal/temporal-cli.ts';
import { eventually } from '../../set-up/eventually.ts';

let folder: string;
let server: Server | undefined;
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-cli-'));
  mkdirSync(join(folder, 'path'));
  lines = [];
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

/** Searches a machine that has nothing but what the test put there. */
type Search = { cliPath?: string; base?: string; cache?: string; signal?: AbortSignal };
const find = (options: Search = {}): Promise<string> =>
  findTemporalCli({
    cliPath: options.cliPath,
    env: { PATH: join(folder, 'path'), XDG_CACHE_HOME: options.cache ?? join(folder, 'cache') },
    downloadSource: { baseUrl: options.base ?? 'http://127.0.0.1:1', responseTimeoutMs: 300 },
    log: (line) => lines.push(line),
    signal: options.signal,
  });

const cached = () => join(folder, 'cache/posthorn', `temporal-${TEMPORAL_CLI_VERSION}`, 'temporal');

function program(path: string, says = 'temporal version 9.9.9'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

async function serve(handler: Parameters<typeof createServer>[1]): Promise<string> {
  server = createServer(handler as never);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('TEMPORAL_CLI_PATH comes first, then PATH, then the cache', async () => {
  program(cached());
  expect(await find()).toBe(cached());

  const onPath = program(join(folder, 'path/temporal'));
  expect(await find()).toBe(onPath);

  const named = program(join(folder, 'elsewhere/temporal'));
  expect(await find({ cliPath: named })).toBe(named);
});

test('a TEMPORAL_CLI_PATH that does not run is an error, although there would be others', async () => {
  program(join(folder, 'path/temporal'));

  await expect(find({ cliPath: '/no/such/temporal' })).rejects.toThrow(
    'TEMPORAL_CLI_PATH is /no/such/temporal',
  );
});

test('something else by the name of temporal is passed over', async () => {
  program(join(folder, 'path/temporal'), 'a calendar, version 2');
  program(cached());

  expect(await find()).toBe(cached());
});

test('it is downloaded as the SDKs do, once, and cached', async () => {
  program(join(folder, 'archive/temporal'));
  execFileSync('tar', ['-czf', join(folder, 'temporal.tar.gz'), '-C', join(folder, 'archive'), 'temporal']);
  const asked: string[] = [];
  const base = await serve((request, response) => {
    asked.push(request.url!);
    if (request.url!.startsWith('/cli/')) {
      response.end(JSON.stringify({ archiveUrl: `${base}/archive.tar.gz`, fileToExtract: 'temporal' }));
    } else {
      response.end(readFileSync(join(folder, 'temporal.tar.gz')));
    }
  });

  expect(await find({ base })).toBe(cached());
  expect(await find({ base })).toBe(cached());

  expect(asked).toEqual([
    expect.stringMatching(/^\/cli\/v1\.5\.1\?arch=\w+&platform=\w+$/),
    '/archive.tar.gz',
  ]);
  expect(readdirSync(dirname(cached()))).toEqual(['temporal']);
});

test.each([
  [
    'refuses',
    (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(404).end(),
  ],
  ['never answers', () => {}],
])('when the download %s and there is no Go, the error names the five ways', async (_, handler) => {
  const base = await serve(handler as never);
  const startedAt = performance.now();

  await expect(find({ base })).rejects.toThrow(
    /TEMPORAL_CLI_PATH=[\s\S]*on PATH[\s\S]*cache[\s\S]*download[\s\S]*Go 1/,
  );

  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(lines.join('\n')).toMatch(/could not be downloaded[\s\S]*Go is not on PATH/);
  expect(readdirSync(dirname(cached()))).toEqual([]);
});

test('it is built with Go, of the version that go install can build, outside of any Go project around', async () => {
  const record = join(folder, 'go-was-called');
  writeFileSync(
    join(folder, 'path/go'),
    `#!/bin/sh
     [ "$1" = version ] && exit 0
     echo "$* in $PWD with GOWORK=$GOWORK" > '${record}'
     printf '#!/bin/sh\\necho temporal version 1.5.1\\n' > "$GOBIN/temporal"
     /bin/chmod 755 "$GOBIN/temporal"`,
  );
  chmodSync(join(folder, 'path/go'), 0o755);

  expect(await find()).toBe(cached());

  expect(readFileSync(record, 'utf8')).toMatch(
    /^install github\.com\/temporalio\/cli\/cmd\/temporal@v1\.5\.1 in \S+build-\S+ with GOWORK=off\n$/,
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/^Building the Temporal CLI 1\.5\.1 with Go .*done in \d+ s$/),
  );
  expect(existsSync(cached())).toBe(true);
});

test.each(['/proc/nowhere', '/dev/null/cache'])(
  'a cache folder that cannot be made (%s) is named with its variable',
  async (cache) => {
    await expect(find({ cache })).rejects.toThrow(
      /cannot be stored in \/\w+\/\S+: .*Set HOME or XDG_CACHE_HOME .*TEMPORAL_CLI_PATH/,
    );
  },
);

test('a build that is interrupted leaves none of its processes and no half-built program', async () => {
  const pids = join(folder, 'pids');
  writeFileSync(
    join(folder, 'path/go'),
    `#!/bin/sh
     [ "$1" = version ] && exit 0
     /bin/sleep 1000 & compiler=$!
     /bin/sh -c 'trap "" TERM; /bin/sleep 1000' & stubborn=$!
     echo $$ $compiler $stubborn > '${pids}.new'; /bin/mv '${pids}.new' '${pids}'
     wait`,
  );
  chmodSync(join(folder, 'path/go'), 0o755);
  const interrupted = new AbortController();
  const found = find({ signal: interrupted.signal });
  await eventually(() => existsSync(pids));
  const tree = readFileSync(pids, 'utf8').trim().split(' ').map(Number);
  expect(tree.map(processIdentity)).not.toContain(undefined);

  interrupted.abort(new Error('Ctrl-C'));

  await expect(found).rejects.toThrow('Ctrl-C');
  expect(tree.map(processIdentity)).toEqual([undefined, undefined, undefined]);
  expect(readdirSync(dirname(cached()))).toEqual([]);
});

test('a build that fails says why', async () => {
  writeFileSync(
    join(folder, 'path/go'),
    '#!/bin/sh\n[ "$1" = version ] || { echo no space left >&2; exit 1; }\n',
  );
  chmodSync(join(folder, 'path/go'), 0o755);

  await expect(find()).rejects.toThrow('No Temporal dev server was found');
  expect(lines.at(-1)).toBe('The Temporal CLI could not be built: no space left');
});
