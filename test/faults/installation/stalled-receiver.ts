import { type Receiver, startReceiver } from '../../receivers/receiver.ts';

export type StalledReceiver = Receiver & {
  /** Responds 200 to all requests, past and future. */
  respond(): void;
};

/** A receiver that accepts requests and does not respond until `respond` is called. */
export async function startStalledReceiver(): Promise<StalledReceiver> {
  const { promise: responding, resolve } = Promise.withResolvers<void>();
  const receiver = await startReceiver([
    async (_request, response) => {
      await responding;
      response.writeHead(200).end();
    },
  ]);
  return { ...receiver, respond: resolve };
}
