import { Icon } from '../icons/icon.tsx';
import type { IconName } from '../icons/icon-names.ts';
import css from './state.module.css';
import tones from './tone.module.css';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'idle';

/** Icon and word, so that no state is told by its colour alone. */
export function State({ tone, icon, children }: { tone: Tone; icon: IconName; children: string }) {
  return (
    <span className={`${css.state} ${tones[tone]}`}>
      <Icon name={icon} size={13} />
      {children}
    </span>
  );
}

const STATES: Record<string, [Tone, IconName]> = {
  pending: ['info', 'circle-dashed'],
  retrying: ['warn', 'rotate-cw'],
  held: ['idle', 'circle-pause'],
  delivered: ['good', 'circle-check'],
  undeliverable: ['bad', 'octagon-x'],
  cancelled: ['idle', 'ban'],
  unrouted: ['idle', 'unplug'],
  active: ['good', 'circle-check'],
  paused: ['warn', 'circle-pause'],
  disabled: ['bad', 'ban'],
  failing: ['bad', 'triangle-alert'],
  running: ['info', 'circle-dashed'],
  done: ['good', 'circle-check'],
};

/** The state of an event, a delivery, an endpoint or a recovery. */
export function StateOf({ status, word = status }: { status: string; word?: string }) {
  const [tone, icon] = STATES[status] ?? ['idle', 'circle'];
  return (
    <State tone={tone} icon={icon}>
      {word}
    </State>
  );
}
