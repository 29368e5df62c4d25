import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** Where to put pictures of screens. They are to be looked at, and not compared. */
const PICTURES = process.env.POSTHORN_TEST_PICTURES;
export const takesPictures = PICTURES !== undefined;

/** What axe finds in a page as it is. */
export async function violationsOf(page: Page, colorScheme: 'light' | 'dark' = 'light'): Promise<string[]> {
  // Off by default, although WCAG 2.2 AA has it.
  const axe = new AxeBuilder({ page }).options({ rules: { 'target-size': { enabled: true } } });
  // The structure is that of the light mode.
  if (colorScheme === 'dark') axe.withRules(['color-contrast']);
  const { violations } = await axe.analyze();
  return violations.map(
    ({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`,
  );
}

/**
 * Pictures of one screen have one name in every run: what is random in an id is left out. `part`: the whole page, or what the
 * window shows of it.
 */
export async function keepPicture(page: Page, name: string, part: 'page' | 'window' = 'page'): Promise<void> {
  if (!PICTURES) return;
  // With the focus, the link past the navigation covers what is below it.
  await page.evaluate('document.querySelector(\'a[href="#content"]:focus\')?.blur()');
  const file = name
    .replaceAll(/_[0-9a-z]{26}/g, '')
    .replaceAll(/[^\w]+/g, '-')
    .replace(/^-/, '');
  await page.screenshot({ path: `${PICTURES}/${file}.png`, fullPage: part === 'page' });
}
