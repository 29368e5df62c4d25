import { readFileSync } from 'node:fs';
import { accepts } from '../../../src/cli/try/reference-verifiers/reference-verifier.ts';
import { composeRequest, PROVIDERS } from '../../providers/providers.ts';

/** The contents of a provider's page in docs/: the last posted event, the secret and the request. */
function readPage(name: string) {
  const page = readFileSync(`docs/providers/${name}.md`, 'utf8');
  const posted = [...page.matchAll(/-d '(\{[^']*\})'/g)].at(-1)![1]!;
  const [head, body] = /```http\n([\s\S]+?)\n```/.exec(page)![1]!.split('\n\n') as [string, string];
  const headers = head.split('\n').map((line) => {
    const [header, value] = line.split(': ') as [string, string];
    return [header.toLowerCase(), value] as const;
  });
  return {
    event: JSON.parse(posted) as { type: string; id?: string; data: object },
    secret: /with the secret `(.+)`/.exec(page)![1]!,
    request: { headers: Object.fromEntries(headers), body: Buffer.from(body) },
  };
}

test.each(PROVIDERS)('the page of $name shows the request for its event', (provider) => {
  const { event, secret, request } = readPage(provider.name);
  expect(provider.profile.eventTypes.map(({ name }) => name)).toContain(event.type);
  expect(provider.profile.secretProblem(secret)).toBeUndefined();
  expect(accepts(provider.receiver, request, secret)).toBe(true);

  const createdAt = new Date(JSON.parse(String(request.body)).timestamp);
  const sent = composeRequest(provider, { ...event, createdAt, data: JSON.stringify(event.data) }, secret);
  expect(String(sent.body)).toBe(String(request.body));
  expect(Object.keys(sent.headers)).toEqual(Object.keys(request.headers));
});

test.each(PROVIDERS)('the page of $name ends with the command that tries it', ({ name }) => {
  const page = readFileSync(`docs/providers/${name}.md`, 'utf8');
  expect(page.endsWith(`\`\`\`sh\nnpm run try -- ${name}\n\`\`\`\n`)).toBe(true);
});

test.each(PROVIDERS)('the page of $name states the number of attempts and the timeout', (provider) => {
  const { delays, timeout } = provider.profile.policy;
  const page = readFileSync(`docs/providers/${provider.name}.md`, 'utf8');
  expect(page).toMatch(new RegExp(`\\| attempts \\|.* ?${delays.length + 1}: immediately`));
  expect(page).toMatch(new RegExp(`\\| timeout of an attempt \\|.* ?${timeout} s`));
});
