import { escapeForRegExp, type Scheme, signsTime } from './scheme.ts';

/** A function `is_genuine` that uses nothing but the standard library. `headers` ignores upper and lower case. */
export function pythonFunction(scheme: Scheme): string {
  const { hash, encoding, key, prefix, format, content, timeBehind, timeHeader } = scheme;
  const time = signsTime(scheme);
  const modules = [
    ...(encoding === 'base64' || key !== 'utf8' ? ['base64'] : []),
    'hashlib',
    'hmac',
    ...(timeBehind === undefined ? [] : ['re']),
    ...(time ? ['time'] : []),
  ];
  const encoded = encoding === 'hex' ? 'mac.hexdigest()' : 'base64.b64encode(mac.digest()).decode()';
  const lines = [
    'def is_genuine(body: bytes, headers, secret: str) -> bool:',
    `    """Whether whoever sent the request knows the secret${time ? ', and it is at most five minutes old' : ''}."""`,
    `    given = headers.get("${scheme.header}", "")`,
    ...(scheme.idHeader ? [`    event_id = headers.get("${scheme.idHeader}", "")`] : []),
    ...timeLines(timeHeader, timeBehind),
    key === 'utf8' ? '    key = secret.encode()' : `    key = base64.b64decode(secret[len("${prefix}"):])`,
    `    mac = hmac.new(key, ${SIGNED[content]}body, hashlib.${hash})`,
    `    digest = ${encoded}`,
    `    expected = ${stringOf(format)}`,
    '    # While a secret is rotated, there may be several signatures.',
    '    return any(hmac.compare_digest(text.encode(), expected.encode()) for text in given.split())',
  ];
  return `${modules.map((name) => `import ${name}`).join('\n')}\n\n\n${lines.join('\n')}\n`;
}

const SIGNED: Record<Scheme['content'], string> = {
  $body: '',
  '$sentAt.$body': 'f"{sent_at}.".encode() + ',
  '$id.$sentAt.$body': 'f"{event_id}.{sent_at}.".encode() + ',
};

const stringOf = (format: string): string => {
  const text = format
    .replaceAll(/[{}]/g, '$&$&')
    .replaceAll(/["\\]/g, '\\$&')
    .replace(/\$(hex|base64)/, '{digest}')
    .replace('$sentAt', '{sent_at}');
  return text === '{digest}' ? 'digest' : `f"${text}"`;
};

function timeLines(header: string | undefined, behind: string | undefined): string[] {
  if (header === undefined && behind === undefined) return [];
  const age = '    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > 300:\n        return False';
  if (header !== undefined) return [`    sent_at = headers.get("${header}", "")`, age];
  return [
    `    found = re.search(r"${escapeForRegExp(behind ?? '').replaceAll('"', '\\"')}(\\d+)", given)`,
    '    sent_at = found[1] if found else ""',
    age,
  ];
}

export const PYTHON_RECEIVERS: Record<
  'flask' | 'fastapi',
  { imports: string; check: { own: string; sdk: string }; code: (check: string) => string }
> = {
  flask: {
    imports: 'import os\n\nfrom flask import Flask, request',
    check: {
      own: 'is_genuine(request.get_data(), request.headers, os.environ["WEBHOOK_SECRET"])',
      sdk: 'verify_webhook(payload=request.get_data(), headers=request.headers, secret=os.environ["WEBHOOK_SECRET"], profile=profile)',
    },
    code: (check) => `app = Flask(__name__)


@app.post("/webhooks")
def receive_webhook():
    # The raw body: one that was parsed and written again may differ from what was signed.
    if not ${check}:
        return "Invalid signature", 401
    # Answer at once, and do the work afterwards.
    return "", 204
`,
  },
  fastapi: {
    imports: 'import os\n\nfrom fastapi import FastAPI, Request, Response',
    check: {
      own: 'is_genuine(await request.body(), request.headers, os.environ["WEBHOOK_SECRET"])',
      sdk: 'verify_webhook(payload=await request.body(), headers=request.headers, secret=os.environ["WEBHOOK_SECRET"], profile=profile)',
    },
    code: (check) => `app = FastAPI()


@app.post("/webhooks")
async def receive_webhook(request: Request) -> Response:
    # The raw body: one that was parsed and written again may differ from what was signed.
    if not ${check}:
        return Response("Invalid signature", status_code=401)
    # Answer at once, and do the work afterwards.
    return Response(status_code=204)
`,
  },
};
