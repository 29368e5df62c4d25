import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import type { CreatedListener } from '../../../../sdk/typescript/src/models.ts';
import type { ClientContext, ExitCode } from '../client-command.ts';
import { watchStream } from '../events/stream-connection.ts';
import type { Line } from '../output/lines.ts';
import { timeOf } from '../time-options.ts';
import { forward } from './forward.ts';
import { forwardTarget } from './forward-target.ts';
import { KEY_HELP, watchListenKeys } from './listen-keys.ts';
import { requestItem, requestLine } from './request-lines.ts';
import { createResponder } from './responder.ts';

export type ListenOptions = {
  forwardTo: string;
  events?: string;
  consumer?: string;
  label?: string;
  since?: string;
};

/**
 * Makes a listener, and forwards its requests until Ctrl-C. A listener with a label is kept, and goes on with the next
 * command; another one is deleted at the end.
 */
export async function listen(context: ClientContext, options: ListenOptions): Promise<ExitCode> {
  const { client, output, uninterrupted } = context;
  const target = forwardTarget(options.forwardTo);
  const since = options.since === undefined ? undefined : timeOf('--since', options.since);
  const listener = await openListener(client, options);
  const keyed = output.kind === 'text' && process.stdin.isTTY === true;
  const onConnected = async (): Promise<void> => {
    await output.show(startItem(listener, target), () => startLines(listener, target, keyed));
    // Not before: what is sent to a listener without a client waits for the next attempt.
    if (since !== undefined) await client.recoveries.start({ what: 'missing', endpoint: listener.id, since });
  };
  try {
    return await forwardRequests(context, listener.id, target, keyed, onConnected);
  } finally {
    if (options.label === undefined) await uninterrupted.listeners.delete(listener.id).catch(() => {});
  }
}

/** Creates the listener, or finds the one with this label and gives it these events. */
async function openListener(
  client: PosthornClient,
  { events, consumer, label }: ListenOptions,
): Promise<CreatedListener> {
  const types = events?.split(',');
  const listener = await client.listeners.create({
    ...(types && { events: types }),
    ...(consumer !== undefined && { consumer }),
    ...(label !== undefined && { label }),
  });
  if (types && types.join() !== listener.events.join())
    await client.endpoints.update(listener.id, { events: types });
  return { ...listener, events: types ?? listener.events };
}

const startItem = ({ id, label, events, secret = undefined, expiresAt }: CreatedListener, target: URL) => ({
  listener: id,
  label,
  events,
  forwardTo: target.href,
  ...(secret !== undefined && { secret }),
  expiresAt,
});

function startLines({ id, label, events, secret }: CreatedListener, target: URL, keyed: boolean): Line[] {
  return [
    [{ text: `Forwarding ${events.join(', ')} to ${target.href}`, tone: 'strong' }],
    [`  listener  ${id} (${label})`],
    secret === undefined
      ? ['  secret    shown when the listener was made']
      : [`  secret    ${secret} (not shown again)`],
    ...(keyed ? [[{ text: `  keys      ${KEY_HELP}`, tone: 'dim' } as const]] : []),
  ];
}

async function forwardRequests(
  context: ClientContext,
  listenerId: string,
  target: URL,
  keyed: boolean,
  onConnected: () => Promise<void>,
): Promise<ExitCode> {
  const { client, connect, output, interrupted } = context;
  const failed = new AbortController();
  const fail = (error: unknown): void => failed.abort(error);
  const signal = AbortSignal.any([interrupted, failed.signal]);
  const watched = watchStream(output.note, fail);
  const streaming = connect((fetch) =>
    afterFirstResponse(watched(fetch), () => void onConnected().catch(fail)),
  );
  const responder = createResponder(client, listenerId, {
    forward: (request) => forward(target, request, signal),
    note: output.note,
    signal,
  });
  const keys = keyed ? watchListenKeys(context) : null;
  try {
    for await (const request of streaming.listeners.requests(listenerId, { signal })) {
      const at = new Date();
      keys?.remember(request);
      void responder
        .handle(request)
        .then(async (response) => {
          if (response)
            await output.show(requestItem(request, response, at), () => [requestLine(request, response, at)]);
        })
        .catch(fail);
    }
  } finally {
    keys?.close();
  }
  if (failed.signal.aborted) throw failed.signal.reason;
  if (interrupted.aborted) return 0;
  output.note('Another client has taken over this listener.');
  return 3;
}

/** Wraps a fetch: calls `then` once, after the first response that is not a refusal. */
function afterFirstResponse(fetch: typeof globalThis.fetch, then: () => void): typeof globalThis.fetch {
  let isFirst = true;
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.ok && isFirst) {
      isFirst = false;
      then();
    }
    return response;
  };
}
