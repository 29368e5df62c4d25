import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rotationCheck } from '../../../../dashboard/src/endpoint/secret/sdk-check.ts';
import { checkRequest, headersIn } from '../../../../dashboard/src/portal/verify/check-request.ts';
import { pythonFunction } from '../../../../dashboard/src/portal/verify/python-snippets.ts';
import { schemeOf } from '../../../../dashboard/src/portal/verify/scheme.ts';
import { FRAMEWORKS, rotationSnippet, snippet } from '../../../../dashboard/src/portal/verify/snippets.ts';
import { typescriptFunction } from '../../../../dashboard/src/portal/verify/typescript-snippets.ts';
import type { Signing } from '../../../../sdk/typescript/src/models.ts';
import { PROFILES, type ProfileName } from '../../../../sdk/typescript/src/verify/profiles.ts';
import { findPython } from '../../../set-up/find-python.ts';

const NAMES = Object.keys(PROFILES) as ProfileName[];

const signingOf = (name: ProfileName): Signing => {
  const { headers, signature, secret } = PROFILES[name];
  return {
    profile: name,
    version: 1,
    headers,
    signature: { ...signature, whileRotating: 'all' },
    secret: { ...secret, min: 24, max: 64, source: 'either', returned: 'once' },
  };
};

const BODY = '{"type":"render.completed","data":{"n":1}}\n';
const ID = 'evt_1';

/** A request as it is sent: signed with an older secret and with this one, as during a rotation. */
function signedRequest(name: ProfileName, at: number, body = BODY) {
  const { headers, signature, secret: rules } = PROFILES[name];
  const secret =
    rules.key === 'utf8' ? 'It is a secret to everybody' : `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const key = rules.key === 'utf8' ? secret : Buffer.from(secret.slice(6), 'base64');
  const sentAt = String(Math.floor(at / 1_000));
  const content = signature.content.replace('$id', ID).replace('$sentAt', sentAt);
  const one = (withKey: string | Buffer): string => {
    const digest = createHmac('sha256', withKey)
      .update(content.replace('$body', ''))
      .update(body)
      .digest(signature.encoding);
    return signature.format.replace('$sentAt', sentAt).replace(/\$(hex|base64)/, digest);
  };
  const values: Record<string, string> = {
    $id: ID,
    $sentAt: sentAt,
    $signature: `${one('old')} ${one(key)}`,
  };
  const sent = Object.entries(headers).map(
    ([header, template]) => [header.toLowerCase(), values[template]!] as const,
  );
  return { secret, headers: Object.fromEntries(sent) };
}

describe('the code that customers copy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'snippets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const requests = NAMES.map((name) => ({ name, ...signedRequest(name, Date.now()) }));
  const old = NAMES.map((name) => ({ name, ...signedRequest(name, Date.now() - 600_000) }));
  writeFileSync(join(folder, 'requests.json'), JSON.stringify({ body: BODY, requests, old }));
  /** Genuine, with another body, with another secret, and too old, where the time is signed. */
  const expected = NAMES.map((name) => [true, false, false, PROFILES[name].signature.content === '$body']);

  test('accepts genuine requests in TypeScript, and no others', () => {
    for (const [index, name] of NAMES.entries())
      writeFileSync(join(folder, `receiver${index}.ts`), typescriptFunction(schemeOf(signingOf(name))!));
    writeFileSync(
      join(folder, 'run.mjs'),
      `import { readFileSync } from 'node:fs';
      const { body, requests, old } = JSON.parse(readFileSync(new URL('requests.json', import.meta.url), 'utf8'));
      const results = [];
      for (const [index, { headers, secret }] of requests.entries()) {
        const { isGenuine } = await import('./receiver' + index + '.ts');
        const header = (name) => headers[name.toLowerCase()];
        results.push([
          isGenuine(Buffer.from(body), header, secret),
          isGenuine(Buffer.from(body + ' '), header, secret),
          isGenuine(Buffer.from(body), header, secret.replace(/.{3}$/, 'AA=')),
          isGenuine(Buffer.from(body), (name) => old[index].headers[name.toLowerCase()], secret),
        ]);
      }
      console.log(JSON.stringify(results));`,
    );
    const output = execFileSync(process.execPath, ['--no-warnings', join(folder, 'run.mjs')], {
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual(expected);
  });

  const python = findPython();
  (python ? test : test.skip)('accepts genuine requests in Python, and no others', () => {
    for (const [index, name] of NAMES.entries())
      writeFileSync(join(folder, `receiver${index}.py`), pythonFunction(schemeOf(signingOf(name))!));
    writeFileSync(
      join(folder, 'run.py'),
      `import importlib, json, re, sys
sys.path.insert(0, ${JSON.stringify(folder)})
data = json.load(open(${JSON.stringify(join(folder, 'requests.json'))}))
class Headers(dict):
    def get(self, name, default=None):
        return super().get(name.lower(), default)
results = []
for index, request in enumerate(data["requests"]):
    is_genuine = importlib.import_module(f"receiver{index}").is_genuine
    body, secret, headers = data["body"].encode(), request["secret"], Headers(request["headers"])
    results.append([
        is_genuine(body, headers, secret),
        is_genuine(body + b" ", headers, secret),
        is_genuine(body, headers, re.sub(".{3}$", "AA=", secret)),
        is_genuine(body, Headers(data["old"][index]["headers"]), secret),
    ])
print(json.dumps(results))
`,
    );
    const output = execFileSync(python!, [join(folder, 'run.py')], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual(expected);
  });

  test('names the profiles that the SDK brings, and writes out others', () => {
    const own = { ...signingOf('cmdcal'), profile: 'mine' };
    expect(snippet(signingOf('cmdcal'), 'express', 'sdk')).toContain("const profile = 'cmdcal';");
    for (const framework of FRAMEWORKS) {
      expect(snippet(own, framework, 'sdk')).toContain('"X-CmdCal-Signature": "$signature"');
      expect(snippet(own, framework, 'own')).not.toMatch(/posthorn/i);
    }
    expect(schemeOf({ ...own, headers: { Authorization: 'Signature $signature' } })).toBeUndefined();
  });

  test('checks two secrets by the profile of the project while one is rotated', () => {
    expect(rotationCheck(signingOf('cmdcal'))).toContain("profile: 'cmdcal'");
    expect(rotationSnippet(signingOf('cmdcal'))).toMatch(/x-cmdcal-signature[\s\S]*OLD_SECRET/);
    expect(rotationSnippet(signingOf('cmdcal'))).not.toMatch(/posthorn/i);
  });
});

describe('the checker', () => {
  const now = Date.parse('2026-11-21T12:00:00.000Z');
  type Changes = { signed?: string; body?: string; secret?: string; drop?: string; ageMs?: number };
  const result = (name: ProfileName, changes: Changes = {}) => {
    const { headers, secret } = signedRequest(name, now - (changes.ageMs ?? 0), changes.signed);
    const lines = Object.entries(headers).filter(([header]) => header !== changes.drop);
    const request = {
      headers: lines.map(([header, value]) => `> ${header}: ${value}`).join('\r\n'),
      body: changes.body ?? BODY,
      secret: changes.secret ?? secret,
      now,
    };
    return checkRequest(request, signingOf(name));
  };
  const check = (name: ProfileName, changes: Changes = {}) =>
    result(name, changes).findings.map(({ part, state, text }) => `${part} ${state}: ${text}`);

  test.each(NAMES)('finds a genuine request of %s right', (name) => {
    expect(check(name).filter((line) => !line.includes(' good: '))).toEqual([]);
  });

  test.each([
    ['a line break was lost', BODY, BODY.trimEnd(), /with a line break at the end/],
    ['a line break was added', BODY, `${BODY}\n`, /without the line break at the end/],
    ['spaces were added around it', '{}', ' {}\n\n', /without the spaces and line breaks around it/],
    ['it was pasted into a field', '{\r\n}', '{\n}', /with \\r\\n as line breaks/],
    [
      'a log indented it',
      '{"a":1.0,"b":[{}]}',
      '{\n  "a": 1.0,\n  "b": [{}]\n}',
      /without spaces and line breaks/,
    ],
    [
      'it was written again without spaces',
      '{"a": 1, "b": "x, y: z"}',
      '{"a":1,"b":"x, y: z"}',
      /one space after/,
    ],
    ['something wrote numbers in another way', '{"a":1}', '{"a":1.0}', /when JavaScript parses it/],
  ])('proves what happened to the body, and says how that may have come: %s', (_, signed, body, found) => {
    const { verdict, findings, likely } = result('cmdcal', { signed, body });
    expect({ verdict, found: findings[0] }).toEqual({
      verdict: 'other_body',
      found: { part: 'Body', state: 'bad', text: expect.stringMatching(found) },
    });
    expect(findings[1]).toMatchObject({ part: 'Signature', state: 'good' });
    expect(likely).toHaveLength(1);
  });

  test('does not say that a body was not written again, because not every way can be tried', () => {
    const { verdict, findings, likely } = result('standard-webhooks', {
      signed: '{"b":1,"a":2}',
      body: '{"a":2,"b":1}',
    });
    expect(verdict).toBe('wrong');
    expect(findings.map(({ part, state }) => `${part} ${state}`)).toEqual(['Time good', 'Signature bad']);
    expect(findings.at(-1)!.text).toMatch(/^It fits none of the bodies that were tried/);
    expect(likely).toEqual([
      expect.stringMatching(/secret is that of another endpoint/),
      expect.stringMatching(/parsed and written again/),
      expect.stringMatching(/^The id, the time or the signature is that of another request/),
    ]);
    // Where only the body is signed, neither can be the reason.
    expect(result('canvelete', { body: '{}' }).likely.join()).not.toMatch(/the time|The time/);
  });

  test('says first that a body which is no JSON may have been cut', () => {
    const { verdict, findings, likely } = result('cmdcal', { body: BODY.slice(0, 20) });
    expect(verdict).toBe('wrong');
    expect(findings[0]).toMatchObject({ part: 'Body', state: 'unknown' });
    expect(likely[0]).toMatch(/cut/);
  });

  test('says what is missing, too old, or no secret', () => {
    expect(check('standard-webhooks', { drop: 'webhook-id' })).toContain(
      'Id bad: The header webhook-id is missing.',
    );
    expect(check('standard-webhooks', { drop: 'webhook-signature' })).toEqual([
      'Signature bad: The header webhook-signature is missing.',
    ]);
    expect(check('standard-webhooks', { ageMs: 3_600_000 })[0]).toMatch(
      /^Time unknown: It was sent 3,600 s ago/,
    );
    expect(check('standard-webhooks', { secret: 'nothing' })[0]).toMatch(/^Secret bad: .*whsec_/);
    expect(check('cmdcal', { secret: 'It is a secret to everybody ' })[0]).toMatch(/^Secret bad: .*space/);
    for (const changes of [{ drop: 'webhook-id' }, { secret: 'nothing' }])
      expect(result('standard-webhooks', changes).verdict).toBe('unchecked');
    expect(result('standard-webhooks', { ageMs: 3_600_000 }).verdict).toBe('right');
  });

  test('reads headers as logs and commands write them', () => {
    expect(headersIn("-H 'X-A: 1' \\\n< x-b: 2\r\nX-C:3\nnothing")).toEqual({
      'x-a': '1',
      'x-b': '2',
      'x-c': '3',
    });
  });
});
