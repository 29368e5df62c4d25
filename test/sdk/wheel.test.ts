import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPython } from '../set-up/find-python.ts';
import { startTestPosthorn } from '../set-up/test-posthorn.ts';
import { runProgram, SDK_FOLDER, testWithPython } from './run-program.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-wheel-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function python(args: string[], env: Record<string, string> = {}): Promise<string> {
  const ended = await runProgram(findPython()!, args, { cwd: folder, env });
  if (ended.code !== 0) throw new Error(ended.stderr + ended.stdout);
  return ended.stdout;
}

const PROGRAM = `
import sys
from posthorn import PosthornClient
client = PosthornClient(url=sys.argv[1], api_key=sys.argv[2])
listener = client.listeners.create(label="wheel")
event = client.events.send(type="a.b", data={"n": 1})
for request in client.listeners.requests(listener["id"]):
    client.listeners.respond(listener["id"], delivery=request["delivery"], attempt=request["attempt"], status=200)
    print(request["event"] == event["id"])
    break
`;

testWithPython(
  'the wheel, installed alone, works against Posthorn and has types, license and changelog',
  async () => {
    cpSync(join(SDK_FOLDER, 'python'), join(folder, 'sources'), { recursive: true });
    await python([
      '-m',
      'pip',
      '--quiet',
      'wheel',
      '--no-deps',
      '--wheel-dir',
      folder,
      join(folder, 'sources'),
    ]);
    const [wheel] = globSync('posthorn-*.whl', { cwd: folder });
    const site = join(folder, 'site');
    await python(['-m', 'pip', '--quiet', 'install', '--no-index', '--no-deps', '--target', site, wheel!]);

    expect(existsSync(join(site, 'posthorn/py.typed'))).toBe(true);
    const [license] = globSync('posthorn-*.dist-info/**/LICENSE', { cwd: site });
    const expected = readFileSync(join(SDK_FOLDER, 'python/LICENSE'), 'utf8');
    expect(readFileSync(join(site, license!), 'utf8')).toBe(expected);
    expect(globSync('{tests,posthorn/tests}', { cwd: site })).toEqual([]);

    const posthorn = await startTestPosthorn();
    const env = { PYTHONPATH: site, PYTHONNOUSERSITE: '1' };
    await posthorn.call('PATCH', '/v1/project', { policy: { delays: Array(20).fill('1s') } });
    expect(await python(['-c', PROGRAM, posthorn.url, posthorn.project.key], env)).toBe('True\n');
    await posthorn.close();
  },
);
