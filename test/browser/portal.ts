import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Stage } from './stage.ts';

export type PortalStage = {
  /** The address of a screen. */
  address(path: string): string;
  /** A link that opens the portal once. */
  link(body: object): Promise<{ id: string; url: string }>;
  /** The portal in a new page. */
  open(body: object, options?: BrowserContextOptions): Promise<Page>;
  /** The browser logs like faults that a used code is 410 and an ended session 401. `hostPage`: may be asked for, too. */
  expectRefusals(hostPage?: string): void;
};

/** The portal of the project of the stage. */
export function portalOf(stage: Stage): PortalStage {
  const address = (path: string): string =>
    `${stage.posthorn.url}/portal/${stage.posthorn.project.id}${path === '' ? '/' : path}`;
  const link = async (body: object): Promise<{ id: string; url: string }> => {
    const { id, url } = await stage.posthorn.call<{ id: string; url: string }>(
      'POST',
      '/v1/portal-links',
      body,
    );
    return { id, url: url.replace(stage.posthorn.config.http.publicUrl, stage.posthorn.url) };
  };
  return {
    address,
    link,
    async open(body, options) {
      const { url } = await link(body);
      const page = await stage.browser.open(options);
      await page.goto(url);
      await page.getByRole('navigation', { name: 'Portal' }).waitFor();
      return page;
    },
    expectRefusals(hostPage) {
      const { faults } = stage.browser;
      const others = faults.filter(
        (text) =>
          // 404: a new link keeps the place, where the customer before had an endpoint.
          !/^console: .* (401|410) |^console: .* 404 .*\/v1\/endpoints\//.test(text) &&
          !(hostPage !== undefined && text.startsWith(`foreign request: ${hostPage}`)),
      );
      faults.splice(0, faults.length, ...others);
    },
  };
}
