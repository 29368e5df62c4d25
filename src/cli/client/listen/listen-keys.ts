import { setTimeout as sleep } from 'node:timers/promises';
import type { ListenerRequest } from '../../../../sdk/typescript/src/listener-stream.ts';
import type { ClientContext } from '../client-command.ts';
import { describeFailure } from '../client-failure.ts';
import { openBrowser } from '../open-browser.ts';
import { watchKeys } from './keys.ts';
import { bodyLines } from './request-lines.ts';

const RECORDED_POLL_MS = 200;

export const KEY_HELP = 'r resend the last · o open it in the dashboard · d show its body · Ctrl-C end';

/** The keys of `posthorn listen`, which act on the last request. */
export function watchListenKeys({ client, output, url, interrupted }: ClientContext): {
  remember(request: ListenerRequest): void;
  close(): void;
} {
  let last: ListenerRequest | undefined;
  let projectId: string | undefined;

  async function openInDashboard({ event, delivery }: ListenerRequest): Promise<void> {
    projectId ??= (await client.project.get()).id;
    const page = `${url}/dashboard/p/${projectId}/events/${event}?delivery=${delivery}`;
    await output.show(null, () => [[page]]);
    openBrowser(page, process.env, process.platform);
  }

  /** Until the attempt is recorded, the delivery is open, and a retry would only bring its next attempt forward. */
  async function resend({ delivery, attempt }: ListenerRequest): Promise<void> {
    const isRecorded = async () => (await client.deliveries.get(delivery)).attempts >= attempt;
    while (!(await isRecorded())) await sleep(RECORDED_POLL_MS, undefined, { signal: interrupted });
    await client.deliveries.retry(delivery);
  }

  const noteFailure = (error: unknown): void => {
    if (!interrupted.aborted) output.note(describeFailure(error).message);
  };
  const onLast = (act: (request: ListenerRequest) => Promise<unknown>) => (): void => {
    if (!last) output.note('There was no request yet.');
    else act(last).catch(noteFailure);
  };
  const close = watchKeys(process.stdin, {
    r: onLast(resend),
    o: onLast(openInDashboard),
    d: onLast((request) => output.show(null, () => bodyLines(request))),
  });
  return {
    remember(request) {
      last = request;
    },
    close,
  };
}
