import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';

const page = readFileSync(join(__dirname, '../../../docs/receiving.md'), 'utf8');
const shipped = createShippedProfiles();
const PROFILES = shipped.names().map((name) => shipped.source(name)!);

/** The cells of the row of a format in the table that begins with `start`, without links. */
function rowOf(name: string, start: string): string[] {
  const table = page.slice(page.indexOf(start)).split('\n\n')[0]!;
  const row = table.split('\n').find((line) => new RegExp(`^\\| \\[?\`${name}\``).test(line))!;
  return row
    .slice(2, -2)
    .split(' | ')
    .map((cell) => cell.trim());
}

test.each(PROFILES)('the page says where $name has its signature and what is signed', (profile) => {
  const { headers, signature } = profile;
  const [, header, signed, format] = rowOf(profile.name, '| format | header with the signature |');
  expect(headers[header!.replaceAll('`', '')]).toBe('$signature');
  expect({
    '$id.$sentAt.$body': '`webhook-id`, `.`, `webhook-timestamp`, `.` and the body',
    '$sentAt.$body': 'the time in `t`, `.` and the body',
    $body: 'the body',
  }).toHaveProperty([signature.content], signed);
  const written = {
    $hex: 'hex',
    'sha256=$hex': '`sha256=` and hex',
    't=$sentAt,v1=$hex': '`t=` and the time, `,v1=` and hex',
    'v1,$base64': '`v1,` and base64; there may be several, separated by a space',
  };
  expect(written).toHaveProperty([signature.format], format);
});

test.each(PROFILES)('the page states the timeout and the attempts of $name', ({ name, timeout, policy }) => {
  const [, within, attempts] = rowOf(name, '| format | respond within |');
  const spaced = (duration: string) =>
    duration.replace(/^(60|120)s$/, (_, seconds) => `${seconds / 60}m`).replace(/(\d+)/, '$1 ');
  expect(within).toBe(spaced(timeout));
  expect(attempts).toBe(
    `${policy.delays.length + 1}: now, then after ${policy.delays.map(spaced).join(', ')}`,
  );
});

test('the page names the formats in which 410, 429 and failures in a row have no effect', () => {
  const without = PROFILES.filter(({ responses }) => responses?.gone === false);
  for (const { responses } of without)
    expect(responses).toEqual({ gone: false, retryAfter: false, tooManyRequests: false, coolDown: false });
  const [, named] = /\nWith ([^.]+), and with a format of the sender's own/.exec(page)!;
  expect([...named!.matchAll(/`([^`]+)`/g)].map(([, name]) => name).toSorted()).toEqual(
    without.map(({ name }) => name).toSorted(),
  );
});

describe('the code of the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-receiving-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A request that Posthorn would send, with header names in lower case. */
  function requestOf(name: string, secret: string, sentAt: number) {
    const profile = shipped.get(name)!;
    const body = Buffer.from('{"event":"a.b","data":{"name":"Zoë"}}\n');
    const fields = { id: 'evt_1', type: 'a.b', createdAt: new Date(0), sequence: 1, consumer: 'c' };
    const attributes = { pause_id: 'psr_1' };
    const sent = profile.requestHeaders({ ...fields, attributes, sentAt, body, secrets: [secret] });
    const headers = Object.entries(sent).map(([header, value]) => [header.toLowerCase(), value]);
    const signature = `${rowOf(name, '| format | header with the signature |')[1]}`.replaceAll('`', '');
    return { headers: Object.fromEntries(headers), header: signature.toLowerCase(), body: `${body}`, secret };
  }

  test('accepts requests of every format, and no others', () => {
    const now = Math.floor(Date.now() / 1000);
    const requests = PROFILES.map(({ name, signature }) => {
      const secret = shipped.get(name)!.generateSecret();
      const call =
        name === 'standard-webhooks'
          ? 'isStandardWebhook(body, headers, secret)'
          : signature.format.startsWith('t=')
            ? 'isSignedWithTime(body, headers[header], secret)'
            : `isSignedBody(body, headers[header], secret, '${signature.format.replace('$hex', '')}')`;
      const other = requestOf(name, shipped.get(name)!.generateSecret(), now).headers;
      const isTimed = signature.content !== '$body';
      return {
        call,
        genuine: requestOf(name, secret, now),
        forged: [
          { ...requestOf(name, secret, now), body: '{"event":"a.b","data":{"name":"Eve"}}\n' },
          { ...requestOf(name, secret, now), headers: other },
          { ...requestOf(name, secret, now), headers: {} },
          ...(isTimed ? [requestOf(name, secret, now - 3_600), requestOf(name, secret, now + 3_600)] : []),
        ],
      };
    });
    const [, code] = /```js\n([\s\S]+?)```/.exec(page)!;
    writeFileSync(join(folder, 'verify.mjs'), code!);
    writeFileSync(
      join(folder, 'run.mjs'),
      `import { isSignedBody, isSignedWithTime, isStandardWebhook } from './verify.mjs';
      const calls = { ${requests.map(({ call }, i) => `${i}: ({ headers, header, secret }, body) => ${call}`).join(', ')} };
      const requests = ${JSON.stringify(requests)};
      const results = requests.map(({ genuine, forged }, i) =>
        [genuine, ...forged].map((request) => calls[i](request, Buffer.from(request.body))));
      console.log(JSON.stringify(results));`,
    );
    const output = execFileSync(process.execPath, [join(folder, 'run.mjs')], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual(requests.map(({ forged }) => [true, ...forged.map(() => false)]));
  });
});
