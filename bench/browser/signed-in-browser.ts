import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** A browser in which a key has signed in. */
export type SignedInBrowser = {
  /** A page of a new profile, whose cache is empty. */
  open(): Promise<Page>;
  close(): Promise<void>;
};

export async function startSignedIn(origin: string, key: string): Promise<SignedInBrowser> {
  const { name, value } = await sessionCookie(origin, key);
  // Without a sandbox, because the benchmark may run as root. It shows only pages of this repository.
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  return {
    async open() {
      const context: BrowserContext = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      await context.addCookies([{ name, value, url: origin }]);
      return context.newPage();
    },
    close: () => browser.close(),
  };
}

async function sessionCookie(origin: string, key: string): Promise<{ name: string; value: string }> {
  const response = await fetch(`${origin}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'posthorn-dashboard': '1' },
    body: JSON.stringify({ key }),
  });
  const [, name, value] = /^([^=]+)=([^;]+)/.exec(response.headers.get('set-cookie') ?? '') ?? [];
  if (!name || !value) throw new Error(`signing in responded ${response.status}`);
  return { name, value };
}
