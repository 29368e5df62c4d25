import type { Locator, Page } from 'playwright-core';

/** Waits until the element has the focus, which moves after what is shown. */
export const untilFocused = (page: Page, element: Locator): Promise<void> =>
  element.and(page.locator(':focus')).waitFor();

/** In the page: finds what Tab should reach, and notes what gets the focus. */
const WATCH = `
  globalThis.keyboard ??= (() => {
    const isStop = (element) =>
      element.tabIndex >= 0 && !element.disabled && !element.closest('[inert]') && element.type !== 'hidden' &&
      element.checkVisibility({ visibilityProperty: true }) &&
      // Of radio buttons with one name, one is a stop; the arrow keys lead to the others.
      !(element.type === 'radio' && !element.checked && document.querySelector('input[name="' + element.name + '"]:checked'));
    const nameOf = (element) =>
      element.localName + ' ' + (element.ariaLabel || element.labels?.[0]?.textContent || element.textContent).trim().slice(0, 60);
    const faultOf = (element) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) return 'shows no focus';
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const middle = (from, to, size) => (Math.max(0, from) + Math.min(size, to)) / 2;
      const over = document.elementFromPoint(middle(left, right, innerWidth), middle(top, bottom, innerHeight));
      return over && (element.contains(over) || over.contains(element)) ? null : 'is covered when it has the focus';
    };
    const visited = new Map();
    addEventListener('focusin', ({ target }) => {
      if (!visited.has(target)) visited.set(target, { name: nameOf(target), fault: faultOf(target) });
    });
    return {
      visited,
      nameOf,
      expected: [],
      isComplete() {
        return this.expected.every((element) => visited.has(element) || !element.isConnected);
      },
      expect(root) {
        this.expected = [...root.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(isStop);
        visited.clear();
        return this.expected.length;
      },
    };
  })();`;

/** The next Tab leads to the first stop of the page. */
const TO_THE_START = `(() => {
  const start = document.createElement('button');
  document.body.prepend(start);
  start.focus();
  start.remove();
  keyboard.visited.clear();
})()`;

/** Rows and charts may come while Tab goes through a page. */
const SPARE_PRESSES = 100;

/**
 * Goes through a page by Tab alone. Returns what that does not reach, what shows no focus of 2 pixels, and what is covered
 * when it has the focus (WCAG 2.1.1, 2.4.7, 2.4.11). The first stop leads past the navigation (2.4.1).
 */
export async function keyboardFaultsIn(page: Page): Promise<string[]> {
  await page.evaluate(WATCH);
  const stops = await page.evaluate<number>('keyboard.expect(document.body)');
  await page.evaluate(TO_THE_START);
  for (let presses = 0; presses < stops + SPARE_PRESSES; presses += 1) {
    await page.keyboard.press('Tab');
    if (presses >= stops && (await page.evaluate<boolean>('keyboard.isComplete()'))) break;
  }
  return await page.evaluate<string[]>(`(() => {
    const visited = [...keyboard.visited.values()];
    const missed = keyboard.expected.filter((element) => element.isConnected && !keyboard.visited.has(element));
    return [
      ...(visited[0]?.name === 'a Skip to the content' ? [] : ['the first stop is ' + visited[0]?.name]),
      ...missed.map((element) => keyboard.nameOf(element) + ' is not reached by Tab'),
      ...visited.flatMap(({ name, fault }) => (fault ? [name + ' ' + fault] : [])),
    ];
  })()`);
}

/** Presses Tab until an element has the focus, and then Enter. */
export async function enterOn(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

/** Presses Tab until an element has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; !(await hasFocus(target)); presses += 1) {
    if (presses > 200) throw new Error(`Tab does not lead to ${target}`);
    await page.keyboard.press('Tab');
  }
}

/**
 * Opens a dialog by keyboard and closes it with Escape. Returns where it lets the focus go, and what it does not show.
 * `whileOpen`: what else to do with it.
 */
export async function dialogFaults(
  page: Page,
  opener: Locator,
  whileOpen: () => Promise<void> = async () => {},
): Promise<string[]> {
  await opener.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.evaluate(WATCH);
  const stops = await page.evaluate<number>(`keyboard.expect(document.querySelector('dialog[open]'))`);
  for (let presses = 0; presses < stops + SPARE_PRESSES; presses += 1) await page.keyboard.press('Tab');
  await whileOpen();
  const faults = await page.evaluate<string[]>(`[...keyboard.visited].flatMap(([element, { name, fault }]) =>
    !element.closest('dialog') ? ['the focus leaves it for ' + name] : fault ? [name + ' ' + fault] : [])`);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  if (!(await hasFocus(opener))) faults.push('the focus does not return to what opened it');
  return faults;
}

const hasFocus = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element === element.ownerDocument.activeElement);
