import type { Page } from 'playwright-core';
import { violationsOf } from '../accessibility.ts';
import { portalOf } from '../portal.ts';
import { type Stage, TEST_MS } from '../stage.ts';

/** How sessions of the portal begin and end. */
export function portalSessionTests(stage: Stage): void {
  const portal = portalOf(stage);
  const heading = (page: Page, name: string | RegExp): Promise<void> =>
    page.getByRole('heading', { name, level: 1 }).waitFor();

  test(
    'a link opens the portal once; the tab that has the session goes on when it is loaded again',
    async () => {
      const { url } = await portal.link({ consumer: 'once', path: 'deliveries' });
      const page = await stage.browser.open();
      await page.goto(url);
      await heading(page, 'Deliveries');
      expect(page.url()).not.toContain('plc_');
      await page.reload();
      await heading(page, 'Deliveries');
      await page.goto('about:blank');
      await page.goto(url);
      await heading(page, 'Deliveries');

      const other = await stage.browser.open();
      await other.goto(url);
      await heading(other, 'This link has been used, or has expired');
      await other.goto(portal.address(''));
      await heading(other, 'Open this page from your account');

      // The tab of one customer shows nothing for the used link of another.
      const another = await portal.open({ consumer: 'another' });
      await another.goto('about:blank');
      await another.goto(url);
      await heading(another, 'This link has been used, or has expired');
      portal.expectRefusals();
    },
    TEST_MS,
  );

  test(
    'a session that is ended says why, and leads to a new one',
    async () => {
      const refreshUrl = `${stage.posthorn.url}/dashboard/?from=portal`;
      const page = await portal.open({ consumer: 'ended', refreshUrl });
      await heading(page, 'Endpoints');
      await stage.posthorn.call('DELETE', '/v1/consumers/ended/sessions');
      await page.getByRole('link', { name: 'Deliveries' }).click();
      await heading(page, 'Your session was ended');
      const way = page.getByRole('link', { name: 'Begin a new session' });
      expect(await way.getAttribute('href')).toBe(`${refreshUrl}&posthorn=session_expired`);
      await page.waitForURL(/from=portal&posthorn=session_expired/);
      portal.expectRefusals();
    },
    TEST_MS,
  );

  test(
    'the end of a session is announced two minutes ahead',
    async () => {
      const { url } = await portal.link({
        consumer: 'late',
        sessionFor: '15m',
        refreshUrl: stage.posthorn.url,
      });
      const page = await stage.browser.open();
      await page.clock.install();
      await page.goto(url);
      await heading(page, 'Endpoints');
      expect(await page.getByRole('alert').count()).toBe(0);
      await page.clock.fastForward('13:30');
      const notice = page.getByRole('region', { name: 'Session' });
      await notice.getByText('Your session ends in less than two minutes.').waitFor();
      await notice.getByRole('button', { name: 'Stay signed in' }).click();
      await notice.getByText('Your session has lasted as long as it may').waitFor();
      await notice.getByRole('link', { name: 'Begin a new session' }).waitFor();
    },
    TEST_MS,
  );

  test(
    'a session that ended without a way on says what to do, and leaves nothing in the tab',
    async () => {
      const { posthorn } = stage;
      const { id } = await posthorn.newEndpoint('https://example.com/hooks', {
        consumer: 'stranded',
        description: 'Hooks of the former session',
      });
      const page = await portal.open({ consumer: 'stranded' });
      await page.goto(portal.address(`/endpoints/${id}`));
      await page.getByText('Hooks of the former session').waitFor();
      await page.goto(portal.address('/deliveries?contains=private-datum'));
      await page.getByText('No delivery fits').waitFor();
      await posthorn.call('DELETE', '/v1/consumers/stranded/sessions');
      await page.getByRole('link', { name: 'Endpoints' }).click();
      await heading(page, 'Your session was ended');

      await page.getByText('go back to the page from which you opened this one').waitFor();
      expect(await page.getByRole('link').count()).toBe(0);
      expect(page.url()).toBe(portal.address(''));
      const left = await page.evaluate<string>(
        'JSON.stringify({ ...sessionStorage }) + JSON.stringify({ ...localStorage }) + document.documentElement.outerHTML',
      );
      expect(left).not.toMatch(/phs_|plc_|private-datum|stranded|former session|example\.com/);
      expect(left).not.toContain(id);
      expect(await violationsOf(page)).toEqual([]);
      await page.goBack();
      await heading(page, /session|from your account/);
      expect(await page.locator('body').innerText()).not.toContain('former session');

      // A new link that is pasted into this tab opens it, although the browser loads no page for it.
      await page.goto(portal.address(''));
      await heading(page, 'Open this page from your account');
      const { url } = await portal.link({ consumer: 'stranded' });
      await page.evaluate(`location.href = ${JSON.stringify(url)}`);
      await heading(page, 'Endpoints');
      expect(page.url()).not.toContain('plc_');
      portal.expectRefusals();
    },
    TEST_MS,
  );

  test(
    'a session that ended leads back to where the customer came from, where no page gives a new one',
    async () => {
      const returnUrl = `${stage.posthorn.url}/dashboard/?from=settings`;
      const page = await portal.open({ consumer: 'returned', returnUrl });
      await heading(page, 'Endpoints');
      await stage.posthorn.call('DELETE', '/v1/consumers/returned/sessions');
      await page.getByRole('link', { name: 'Usage' }).click();
      await heading(page, 'Your session was ended');
      await page.getByText('Go back, and open this page from there again').waitFor();
      const back = page.getByRole('link', { name: /^Back to/ });
      expect(await back.getAttribute('href')).toBe(`${returnUrl}&posthorn=session_expired`);
      portal.expectRefusals();
    },
    TEST_MS,
  );
}
