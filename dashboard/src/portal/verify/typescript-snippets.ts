import { escapeForRegExp, type Scheme, signsTime } from './scheme.ts';

/** A function `isGenuine` that uses nothing but Node.js. It is JavaScript, too, but for its types. */
export function typescriptFunction(scheme: Scheme): string {
  const { hash, encoding, key, prefix, format, content } = scheme;
  const lines = [
    `/** Whether whoever sent the request knows the secret${signsTime(scheme) ? ', and it is at most five minutes old' : ''}. */`,
    'export function isGenuine(body: Buffer, header: (name: string) => string | undefined, secret: string): boolean {',
    `  const given = header('${scheme.header.toLowerCase()}') ?? '';`,
    ...(scheme.idHeader ? [`  const id = header('${scheme.idHeader.toLowerCase()}') ?? '';`] : []),
    ...timeLines(scheme),
    key === 'utf8'
      ? '  const key = secret;'
      : `  const key = Buffer.from(secret.slice('${prefix}'.length), 'base64');`,
    `  const digest = createHmac('${hash}', key)${SIGNED[content]}.update(body).digest('${encoding}');`,
    `  const expected = Buffer.from(\`${templateOf(format)}\`);`,
    '  // While a secret is rotated, there may be several signatures.',
    "  return given.split(' ').some((text) => {",
    '    const signature = Buffer.from(text);',
    '    return signature.length === expected.length && timingSafeEqual(signature, expected);',
    '  });',
    '}',
  ];
  return `import { createHmac, timingSafeEqual } from 'node:crypto';\n\n${lines.join('\n')}\n`;
}

const SIGNED: Record<Scheme['content'], string> = {
  $body: '',
  '$sentAt.$body': '.update(`$' + '{sentAt}.`)',
  '$id.$sentAt.$body': '.update(`$' + '{id}.$' + '{sentAt}.`)',
};

const templateOf = (format: string): string =>
  format
    .replaceAll(/[`\\]/g, '\\$&')
    .replace(/\$(hex|base64)/, '$' + '{digest}')
    .replace('$sentAt', '$' + '{sentAt}');

function timeLines({ timeHeader, timeBehind, header }: Scheme): string[] {
  if (timeHeader === undefined && timeBehind === undefined) return [];
  const source =
    timeHeader === undefined
      ? `/${escapeForRegExp(timeBehind ?? '')}(\\d+)/.exec(given)?.[1] ?? ''`
      : `header('${(timeHeader ?? header).toLowerCase()}') ?? ''`;
  return [
    `  const sentAt = ${source};`,
    '  if (!(Math.abs(Date.now() / 1000 - Number(sentAt)) <= 300)) return false;',
  ];
}

const REFUSE = "return new Response('Invalid signature', { status: 401 });";

/** The receiver around a check; `check` is an expression that is true for a genuine request. */
export const TYPESCRIPT_RECEIVERS: Record<
  'express' | 'fetch',
  { imports: string; check: { own: string; sdk: string }; code: (check: string) => string }
> = {
  express: {
    imports: "import express from 'express';",
    check: {
      own: 'isGenuine(request.body, (name) => request.get(name), process.env.WEBHOOK_SECRET!)',
      sdk: 'verifyWebhook({ payload: request.body, headers: request.headers, secret: process.env.WEBHOOK_SECRET!, profile })',
    },
    code: (check) => `const app = express();

// The raw body: one that was parsed and written again may differ from what was signed.
app.post('/webhooks', express.raw({ type: '*/*', limit: '2mb' }), (request, response) => {
  if (!${check}) {
    response.status(401).send('Invalid signature');
    return;
  }
  // Answer at once, and do the work afterwards.
  response.sendStatus(204);
});

app.listen(3000);
`,
  },
  fetch: {
    imports: '',
    check: {
      own: 'isGenuine(body, (name) => request.headers.get(name) ?? undefined, process.env.WEBHOOK_SECRET!)',
      sdk: 'verifyWebhook({ payload: body, headers: request.headers, secret: process.env.WEBHOOK_SECRET!, profile })',
    },
    code: (check) => `export async function receiveWebhook(request: Request): Promise<Response> {
  // The raw body: one that was parsed and written again may differ from what was signed.
  const body = Buffer.from(await request.arrayBuffer());
  if (!${check})
    ${REFUSE}
  // Answer at once, and do the work afterwards.
  return new Response(null, { status: 204 });
}
`,
  },
};
