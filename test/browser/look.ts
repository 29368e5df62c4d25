import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { keepPicture, takesPictures, violationsOf } from './accessibility.ts';
import { dialogFaults, keyboardFaultsIn } from './keyboard.ts';

const WIDTHS = [1280, 390];
const HEIGHT = 900;
const MAX_SHIFT = 0.02;

/** What a reader may set of the text (WCAG 1.4.12). A sheet of the page's own: its policy refuses an element. */
const SPACE_TEXT = `(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }');
  document.adoptedStyleSheets = [sheet];
})()`;
const RESET_TEXT = 'document.adoptedStyleSheets = []';

/** In the page: texts that are cut off at their lower edge. What only screen readers get is a pixel high. */
const CUT_TEXTS = `[...document.querySelectorAll('main *, header *, nav *')].filter((element) => {
  const { overflowY } = getComputedStyle(element);
  return ['hidden', 'clip'].includes(overflowY) && element.clientHeight > 1 && element.checkVisibility() &&
    element.textContent.trim() !== '' && element.scrollHeight > element.clientHeight + 2;
}).map((element) => element.localName + ' ' + element.textContent.trim().slice(0, 60))`;

/**
 * Returns what is not accessible on a page in both modes and at both widths, and what does not fit 320 pixels, also with the
 * widest spacing of text that readers may set. `name`: of what is shown, for the messages and the pictures.
 */
export async function faultsIn(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  await inEachLook(page, async (colorScheme, width) => {
    const violations = await violationsOf(page, colorScheme);
    found.push(...violations.map((text) => `${name} ${width} ${text}`));
    await keepPicture(page, `${name}-${colorScheme}-${width}`);
  });
  await page.setViewportSize({ width: 320, height: HEIGHT });
  found.push(...(await widthFaultsIn(page, name)));
  await page.evaluate(SPACE_TEXT);
  const spaced = `${name} with spaced text`;
  found.push(...(await widthFaultsIn(page, spaced)));
  for (const text of await page.evaluate<string[]>(CUT_TEXTS)) found.push(`${spaced} cuts off ${text}`);
  await page.evaluate(RESET_TEXT);
  await asAtFirst(page);
  return found;
}

type ColorScheme = 'light' | 'dark';

/** Shows the page in both modes and at both widths, one after the other, the narrow one last. */
async function inEachLook(
  page: Page,
  look: (colorScheme: ColorScheme, width: number) => Promise<void>,
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await look(colorScheme, width);
    }
  }
}

/** Light and wide. */
async function asAtFirst(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: WIDTHS[0]!, height: HEIGHT });
}

/** Pictures of the dialog that is open, if pictures are wanted at all. */
async function keepPicturesOfDialog(page: Page, name: string): Promise<void> {
  if (!takesPictures) return;
  await inEachLook(page, (colorScheme, width) =>
    keepPicture(page, `${name}-${colorScheme}-${width}`, 'window'),
  );
  await asAtFirst(page);
}

async function widthFaultsIn(page: Page, name: string): Promise<string[]> {
  const beyond = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  return beyond > 0 ? [`${name} is ${beyond} pixels too wide for 320`] : [];
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
    // Screens of one path may show different things.
    const picture = `${new URL(page.url()).pathname} ${ready}`;
    const shifted = await page.evaluate<number>('globalThis.shifted');
    if (shifted > MAX_SHIFT) found.push(`${path} moved by ${shifted}`);
    found.push(...(await keyboardFaultsIn(page)).map((fault) => `${path}: ${fault}`));
    // In the pictures, nothing has the focus, and the bar at the top stays there.
    await page.evaluate('document.activeElement?.blur(); scrollTo(0, 0)');
    for (const name of dialogs) {
      const opener = page.getByRole('button', { name, exact: true }).first();
      const faults = await dialogFaults(page, opener, () =>
        keepPicturesOfDialog(page, `${picture} dialog ${name}`),
      );
      found.push(...faults.map((fault) => `${path}, ${name}: ${fault}`));
    }
    found.push(...(await faultsIn(page, picture)));
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
