import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { keepPicture, violationsOf } from './accessibility.ts';
import { dialogFaults, keyboardFaultsIn } from './keyboard.ts';

const WIDTHS = [1280, 390];
const HEIGHT = 900;
const MAX_SHIFT = 0.02;

/**
 * Returns what is not accessible on a page in both modes and at both widths, and what does not fit 320 pixels. `name`: of
 * what is shown, for the messages and the pictures.
 */
export async function faultsIn(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      const violations = await violationsOf(page, colorScheme);
      found.push(...violations.map((text) => `${name} ${width} ${text}`));
      await keepPicture(page, `${name}-${colorScheme}-${width}`);
    }
  }
  await page.setViewportSize({ width: 320, height: HEIGHT });
  const beyond = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  if (beyond > 0) found.push(`${name} is ${beyond} pixels too wide for 320`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: WIDTHS[0]!, height: HEIGHT });
  return found;
}

/** Its path, a text that it shows when it is loaded, and the buttons that open dialogs on it. */
export type Screen = [path: string, ready: string, ...dialogs: string[]];

/**
 * Opens screens one after the other, and returns what is wrong with them, how far each moved while it was loaded, and what
 * cannot be used by keyboard.
 */
export async function examine(
  page: Page,
  address: (path: string) => string,
  screens: Screen[],
): Promise<string[]> {
  const found: string[] = [];
  await page.setViewportSize({ width: WIDTHS[0]!, height: HEIGHT });
  for (const [path, ready, ...dialogs] of screens) {
    await page.goto(address(path));
    await page.getByText(ready).first().waitFor({ state: 'attached' });
    const shifted = await page.evaluate<number>('globalThis.shifted');
    if (shifted > MAX_SHIFT) found.push(`${path} moved by ${shifted}`);
    found.push(...(await keyboardFaultsIn(page)).map((fault) => `${path}: ${fault}`));
    for (const name of dialogs) {
      const opener = page.getByRole('button', { name, exact: true }).first();
      found.push(...(await dialogFaults(page, opener)).map((fault) => `${path}, ${name}: ${fault}`));
    }
    found.push(...(await faultsIn(page, new URL(page.url()).pathname)));
  }
  return found;
}

/** The paths of the routes of a page that none of the screens belongs to. */
export function unseenRoutes(page: 'operator' | 'portal', screens: Screen[]): string[] {
  const router = readFileSync(join(__dirname, `../../dashboard/src/${page}/router.tsx`), 'utf8');
  const paths = [...router.matchAll(/\bpath: '([^']+)'/g)].map(([, path]) => path!);
  const seen = screens.map(([path]) => path.replace(/\?.*/, ''));
  return paths.filter((path) => {
    const pattern = new RegExp(`^/${path.replace(/^\//, '').replaceAll(/\$\w+/g, '[^/]+')}$`);
    return !seen.some((screen) => pattern.test(screen));
  });
}
