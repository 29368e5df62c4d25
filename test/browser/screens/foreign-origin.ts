import { type Stage, TEST_MS } from '../stage.ts';

/**
 * What a page of another origin may try in the browser of someone who is signed in. Another port of the same host is the worst
 * case: it is the same site, so the browser sends the cookie along.
 */
export function foreignOriginTests(stage: Stage): void {
  test(
    'a page of another origin can neither use the session, read an answer, nor show the dashboard in a frame',
    async () => {
      const { posthorn, browser } = stage;
      const page = await stage.open('/events');
      const cookies: (string | undefined)[] = [];
      const foreign = await stage.receiverThat((request, response) => {
        cookies.push(request.headers.cookie);
        response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Foreign</title>
          <iframe src="${stage.address('/events')}"></iframe>
          <form method="post" enctype="text/plain" target="answer" action="${posthorn.url}/v1/keys">
            <input name='{"name":"forged' value='"}'></form><iframe name="answer"></iframe>`);
      });
      const keysBefore = (await posthorn.call<{ items: unknown[] }>('GET', '/v1/keys')).items.length;
      await page.goto(foreign.url);
      expect(cookies[0]).toContain('posthorn_session=');

      const form = page.waitForResponse(
        (response) => response.request().isNavigationRequest() && response.url().endsWith('/v1/keys'),
      );
      const results = await page.evaluate<string[]>(`(async () => {
        const call = (options) => fetch('${posthorn.url}/v1/keys', { method: 'POST', body: '{"name":"forged"}',
          credentials: 'include', ...options }).then((response) => response.type, (error) => error.name);
        document.forms[0].submit();
        return Promise.all([
          call({ mode: 'no-cors' }),
          call({ headers: { 'posthorn-dashboard': '1', 'content-type': 'application/json' } }),
          fetch('${posthorn.url}/v1/keys', { credentials: 'include' }).then(() => 'read', (error) => error.name),
        ]);
      })()`);
      expect(results).toEqual(['opaque', 'TypeError', 'TypeError']);
      expect((await form).status()).toBe(403);
      expect(page.frames().some((frame) => frame.url().includes('/dashboard/'))).toBe(false);
      expect((await posthorn.call<{ items: unknown[] }>('GET', '/v1/keys')).items).toHaveLength(keysBefore);
      // The browser logs each of these refusals, at the latest when the page is closed, and this page is of another origin.
      await browser.closePages();
      browser.faults.splice(0);
    },
    TEST_MS,
  );
}
