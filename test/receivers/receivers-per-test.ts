import { type Receiver, type ScriptStep, startReceiver } from './receiver.ts';

/** Starts receivers that respond as scripted (200 by default), and closes them after the test. */
export function receiversPerTest(): (...script: ScriptStep[]) => Promise<Receiver> {
  const receivers: Receiver[] = [];
  afterEach(async () => {
    for (const receiver of receivers.splice(0)) await receiver.close();
  });
  return async (...script) => {
    const receiver = await startReceiver(script.length > 0 ? script : undefined);
    receivers.push(receiver);
    return receiver;
  };
}
