import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const isMissing = !existsSync(executablePath);

/**
 * Describes tests that need Chromium. Where there is none they are skipped, aloud; in CI that is a failure, because nobody
 * would notice.
 */
export function describeInBrowser(name: string, tests: () => void): void {
  if (!isMissing) {
    describe(name, tests);
    return;
  }
  const notice = `There is no Chromium at ${executablePath}: set CHROMIUM_PATH, or install the package chromium.`;
  if (process.env.CI === 'true') {
    test(name, () => {
      throw new Error(notice);
    });
  } else {
    console.warn(`${notice} Skipped: ${name}`);
    describe.skip(name, tests);
  }
}

export type TestBrowser = {
  /** A page of a new browser profile, and what went wrong in any page so far. */
  open(options?: BrowserContextOptions): Promise<Page>;
  faults: string[];
  /** Closes all pages, which would go on asking. */
  closePages(): Promise<void>;
  close(): Promise<void>;
};

/** The browser logs these like faults: a page asks for a session that does not exist yet, and the API refuses what a form has. */
const isExpected = (url: string, text: string): boolean =>
  (url.endsWith('/v1/session') && text.includes('401')) ||
  (/\/v1\/(endpoints|event-types|project|profiles)\b/.test(url) && /4(00|22)/.test(text));

/** Adds up how far the layout has moved by itself, as `shifted` of the page. */
const COUNT_SHIFTS = `
  globalThis.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });`;

/** Starts Chromium, and takes each error, each violation of the policy and each foreign request as a fault. */
export async function startBrowser(origin: string): Promise<TestBrowser> {
  // Without a sandbox, because tests may run as root in a container. It shows only pages of this repository.
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const faults: string[] = [];
  return {
    faults,
    async open(options = {}) {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() !== 'error' || isExpected(message.location().url, message.text())) return;
        faults.push(`console: ${message.text()} ${message.location().url}`);
      });
      page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`foreign request: ${url}`);
      });
      await page.exposeFunction('reportViolation', (text: string) => faults.push(`policy: ${text}`));
      await page.addInitScript(
        "addEventListener('securitypolicyviolation', (e) => reportViolation(e.violatedDirective + ' ' + e.blockedURI))",
      );
      await page.addInitScript(COUNT_SHIFTS);
      return page;
    },
    async closePages() {
      for (const context of browser.contexts()) await context.close();
    },
    close: () => browser.close(),
  };
}
