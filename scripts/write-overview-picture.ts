import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startBrowser } from '../test/browser/browser.ts';
import { startReceiver } from '../test/receivers/receiver.ts';
import startServers from '../test/set-up/servers/start-servers.ts';
import stopServers from '../test/set-up/servers/stop-servers.ts';
import { startTestPosthorn } from '../test/set-up/test-posthorn.ts';
import { seedStatistics } from './seed-statistics.ts';
import { smallPng } from './small-png.ts';

/*
 * Writes docs/images/overview.png: the overview over a week of traffic whose figures are made up, with an outage of one receiver and a
 * few real deliveries that are being retried. The pages have to be built (`npm start` or `npm test` do it).
 */
const file = path.join(import.meta.dirname, '../docs/images/overview.png');
const RETRIED = 23;

await startServers();
const posthorn = await startTestPosthorn();
const browser = await startBrowser(posthorn.url);
const failing = await startReceiver([503]);
try {
  await posthorn.call('PATCH', '/v1/project', { name: 'Render farm' });
  const named = async (host: string) =>
    (await posthorn.newEndpoint(`https://${host}/webhooks`, { events: ['never.sent'] })).id;
  await seedStatistics(posthorn.database.pool, posthorn.project.id, {
    days: 15,
    now: Date.now(),
    endpoints: [
      { id: await named('hooks.acme.com'), share: 0.55, answersInMs: 38, failing: 0.002 },
      { id: await named('api.globex.com'), share: 0.3, answersInMs: 120, failing: 0.008 },
      { id: await named('events.initech.com'), share: 0.15, answersInMs: 310, failing: 0.02 },
    ],
    types: [
      ['render.completed', 0.6],
      ['render.failed', 0.08],
      ['invoice.paid', 0.32],
    ],
    outage: { endpoint: 1, fromDaysAgo: 2.9, hours: 4 },
  });
  await posthorn.newEndpoint(failing.url, {
    events: ['render.completed'],
    policy: { delays: ['20m', '1h', '2h'] },
  });
  const events = Array.from({ length: RETRIED }, (_, job) => ({ type: 'render.completed', data: { job } }));
  await posthorn.call('POST', '/v1/events/batch', { events });
  await failing.untilReceived(RETRIED, 60_000);

  const page = await browser.open({ viewport: { width: 1280, height: 820 }, colorScheme: 'light' });
  await page.goto(`${posthorn.url}/dashboard/p/${posthorn.project.id}/?range=7d`);
  await page.getByLabel('Key', { exact: true }).fill(posthorn.project.key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(`${RETRIED} deliveries are being retried`).waitFor();
  await page
    .getByText(/counted (now|\d+ s ago)/)
    .first()
    .waitFor();
  await page.getByText('deliveries that become due').waitFor();
  await page.evaluate('document.activeElement?.blur()');
  writeFileSync(file, smallPng(await page.screenshot()));
} finally {
  await browser.close();
  await posthorn.close();
  await failing.close();
  await stopServers();
}
process.exit(0);
