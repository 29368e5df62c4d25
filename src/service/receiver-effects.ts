import type { ReceiverEffects } from '../attempts/recording/recorder.ts';
import { createFairSemaphore } from '../limits/fair-semaphore.ts';
import type { GatedReceiver } from '../store/receivers/gates/close-gates.ts';
import { easeGates } from '../store/receivers/gates/ease-gates.ts';
import { moveUnassigned } from '../store/receivers/gates/lanes.ts';
import type { SharedServices } from './shared-services.ts';
import { turnTokens } from './turn-tokens.ts';

/** Thousands of receivers can fail in the same second; moving their deliveries must not use up the pool. */
const MAX_CONCURRENT_MOVES = 2;

/**
 * What follows from recorded attempts for other deliveries of their receivers. Nothing here has to happen: a delivery in the
 * wrong lane is given back by its claim, and the reconciler finds endpoints whose deliveries have to end.
 */
export function createReceiverEffects({
  log,
  pools,
  notifications,
  onFailure,
}: SharedServices): ReceiverEffects {
  const fairly = createFairSemaphore(MAX_CONCURRENT_MOVES, 1);
  const move = (to: 'restricted' | 'fast', { receiver, projectId }: GatedReceiver): void =>
    void fairly(projectId, () => moveUnassigned(pools.main, to, receiver, projectId)).catch(onFailure);

  return {
    disabled(endpointIds) {
      for (const endpointId of endpointIds)
        log.info({ endpointId }, 'a receiver responded 410; its endpoint is disabled');
      notifications.notify('posthorn_endpoints', endpointIds);
    },
    turnsEnded: (turns) => notifications.wake('posthorn_turns', turnTokens(turns)),
    restricted(receivers) {
      for (const receiver of receivers) move('restricted', receiver);
    },
    succeeded(successes) {
      easeGates(pools.main, successes)
        .then((eased) => {
          for (const receiver of eased) move('fast', receiver);
        })
        .catch(onFailure);
    },
  };
}
