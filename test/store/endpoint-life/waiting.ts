import { type DeliveryStatus, isFinalStatus } from '../../../src/policy/outcome.ts';
import type { WaitReason } from '../../../src/policy/waiting.ts';
import { DELIVERY_COLUMNS } from '../../../src/store/deliveries/delivery-reads.ts';
import type { SeededStore } from '../seed.ts';
import type { EndpointModel } from './model.ts';
import type { ProjectTime } from './time.ts';

type Observed = {
  store: SeededStore;
  project: string;
  time: ProjectTime;
  model: EndpointModel;
  sentNow: string[];
};

/** What the API says of a delivery. Times are those of the project. */
type Said = {
  id: string;
  status: DeliveryStatus;
  isClaimed: boolean;
  isOrdered: boolean;
  dueAt: number | null;
  waitingFor: WaitReason | null;
  until: number | null;
};

export type AllSaid = ReadonlyMap<string, Said>;

const READ = `
  SELECT ${DELIVERY_COLUMNS}, d.claimed_at IS NOT NULL AS "isClaimed", d.ordered AS "isOrdered" FROM deliveries d WHERE d.project_id = $1`;

export async function readWaiting({ store, project, time }: Observed): Promise<AllSaid> {
  const { rows } = await store.pool.query(READ, [project]);
  const timeOf = (stored: Date | null) => stored && time.read(stored);
  return new Map(
    rows.map(({ id, status, isClaimed, isOrdered, waitingFor, waitingUntil, nextAttemptAt }) => {
      const times = { dueAt: timeOf(nextAttemptAt), until: timeOf(waitingUntil) };
      return [id, { id, status, isClaimed, isOrdered, waitingFor, ...times }];
    }),
  );
}

export const isOpen = ({ status }: Pick<Said, 'status'>): boolean => !isFinalStatus(status);

/** The model and Postgres note the same moment apart, the more so on a busy machine. The waits of the test are 2 s and more. */
const TOLERANCE_MS = 1_500;

/** Returns what is wrong in what deliveries are said to wait for, by what the endpoint has been told and has answered. */
export function contradictions({ model, time }: Pick<Observed, 'model' | 'time'>, said: AllSaid): string[] {
  const now = time.now();
  const isSilent =
    !model.coolDown &&
    model.status === 'active' &&
    !model.isSuspended &&
    model.notBefore > now + TOLERANCE_MS;
  const wrong = ({ waitingFor, until, dueAt, status, isOrdered, ...delivery }: Said): string | false => {
    const waits = isOpen({ status }) && !delivery.isClaimed;
    if (!waits) return waitingFor !== null && 'does not wait';
    if (waitingFor === null) return 'waits';
    if (model.status === 'paused') return waitingFor !== 'endpoint_paused' && 'is held by a pause';
    if (model.status !== 'active')
      return waitingFor !== 'endpoint_disabled' && 'is held by a disabled endpoint';
    if (waitingFor.startsWith('endpoint_')) return 'is not held';
    if ((waitingFor === 'plan') !== model.isSuspended)
      return model.isSuspended ? 'is held by the plan' : 'is in the plan';
    if (waitingFor === 'order' && !model.limits.ordered) return 'is in no order';
    if (waitingFor === 'schedule' && (until === null || until < now - TOLERANCE_MS)) return 'is due';
    const isHeldBack = isSilent && status !== 'held' && dueAt! < model.notBefore - TOLERANCE_MS;
    if (isHeldBack && waitingFor !== 'retry_after' && !(isOrdered && waitingFor === 'order'))
      return 'waits because the receiver asked for it';
    if (isHeldBack && waitingFor === 'retry_after' && Math.abs(until! - model.notBefore) > TOLERANCE_MS)
      return `waits until ${model.notBefore}`;
    return false;
  };
  return [...said.values()].flatMap((one) => {
    const reason = wrong(one);
    return reason ? [`${one.id} waits for ${one.waitingFor} until ${one.until}, but ${reason}`] : [];
  });
}

/** Returns what has been sent although it was said, just before, that it would not be. Nothing else has happened since. */
export function brokenPromises(
  { sentNow, time }: Pick<Observed, 'sentNow' | 'time'>,
  before: AllSaid,
): string[] {
  return sentNow.flatMap((id) => {
    const known = before.get(id);
    // It was sent by the process that accepted it.
    if (!known) return [];
    const { waitingFor, until, isClaimed } = known;
    const isEarly = until !== null && time.now() < until - TOLERANCE_MS;
    const mayGo =
      waitingFor !== null && ['schedule', 'retry_after', 'cooldown', 'rate', 'engine'].includes(waitingFor);
    // The attempt that was under way was interrupted.
    if (isClaimed) return [];
    return mayGo && !isEarly
      ? []
      : [`${id} was sent at ${time.now()}, but waited for ${waitingFor} until ${until}`];
  });
}
