import { execFileSync } from 'node:child_process';
import { curlOf } from '../../../../dashboard/src/delivery/attempt/curl.ts';

test('the curl command gives the shell exactly the body, whatever it contains', () => {
  const body = `{"a":"it's $HOME \\n \`id\` \\"x\\" !"}\nsecond line`;
  const command = curlOf({ url: "https://a.example/x?y='z'", headers: { 'x-a': "b'c", Host: 'a' }, body });
  const words = execFileSync('sh', ['-c', command.replace(/^curl -sS -X POST/, 'printf "%s\\0"')], {
    encoding: 'utf8',
  }).split('\0');
  expect(words).toEqual(['-H', "x-a: b'c", '--data-binary', body, "https://a.example/x?y='z'", '']);
});
