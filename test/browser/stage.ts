import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startSampleReceiver } from '../../src/embedded/sample-receiver.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../receivers/receiver.ts';
import { buildDashboard } from '../set-up/build-dashboard.ts';
import { startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { startBrowser, type TestBrowser } from './browser.ts';

export const TEST_MS = 180_000;

/** What the tests of all screens share: one build, one service and one browser. */
export type Stage = {
  posthorn: TestPosthorn;
  browser: TestBrowser;
  receiverThat(...script: ScriptStep[]): Promise<Receiver>;
  /** The address of a screen of the project, or of another one. */
  address(path: string, projectId?: string): string;
  /** Opens a screen of the project, or of another one, in a new page, and signs in there. */
  open(path: string, key?: string, projectId?: string): Promise<Page>;
  signIn(page: Page, path: string, key?: string, projectId?: string): Promise<void>;
  /** An event of a type of its own, that has failed for good. */
  failedEvent(type: string, receiver: Receiver): Promise<string>;
};

/** Starts it before the tests; after each, closes the pages and expects that nothing went wrong in any. */
export function prepareStage(): Stage {
  const stage = {} as Stage;
  const receivers: Pick<Receiver, 'close'>[] = [];
  let dataDir = '';

  beforeAll(async () => {
    buildDashboard();
    dataDir = mkdtempSync(join(tmpdir(), 'posthorn-stage-'));
    const sampleReceiver = await startSampleReceiver({ dataDir, samplePort: 0 }, () => {});
    receivers.push(sampleReceiver);
    const posthorn = await startTestPosthorn({ settings: { sampleReceiver } });
    const browser = await startBrowser(posthorn.url);
    const address = (path: string, projectId = posthorn.project.id): string =>
      `${posthorn.url}/dashboard/p/${projectId}${path}`;
    const signIn: Stage['signIn'] = async (page, path, key = posthorn.project.key, projectId) => {
      await page.goto(address(path, projectId));
      await page.getByLabel('Key', { exact: true }).fill(key);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('navigation', { name: 'Project' }).waitFor({ state: 'attached' });
    };
    Object.assign(stage, {
      posthorn,
      browser,
      address,
      signIn,
      receiverThat: async (...script) => {
        const receiver = await startReceiver(script);
        receivers.push(receiver);
        return receiver;
      },
      open: async (path, key, projectId) => {
        const page = await browser.open();
        await signIn(page, path, key, projectId);
        return page;
      },
      failedEvent: async (type, receiver) => {
        await posthorn.newEndpoint(receiver.url, { events: [type], policy: { delays: [] } });
        const event = await posthorn.post({ type, data: { big: 1, note: HOSTILE } });
        await posthorn.untilSettled(event.id);
        return event.id;
      },
    } satisfies Stage);
  }, TEST_MS);
  afterAll(async () => {
    await stage.browser?.close();
    await stage.posthorn?.close();
    for (const receiver of receivers) await receiver.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  afterEach(async () => {
    await stage.browser.closePages();
    expect(stage.browser.faults.splice(0)).toEqual([]);
  });
  return stage;
}

/** Text of others: it would change the title if it were taken as markup. */
export const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>\u202e';
