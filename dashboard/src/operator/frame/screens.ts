import type { IconName } from '../../kit/icons/icon-names.ts';

/** The screens of a project, in the order of the navigation. */
export type Screen = {
  /** After `/p/{project}/`. */
  path: string;
  label: string;
  icon: IconName;
  /** After `g`, it leads there. */
  key?: string;
};

export const SCREENS: Screen[] = [
  { path: '', label: 'Overview', icon: 'activity', key: 'o' },
  { path: 'attention', label: 'Attention', icon: 'triangle-alert', key: 'a' },
  { path: 'events', label: 'Events', icon: 'zap', key: 'e' },
  { path: 'deliveries', label: 'Deliveries', icon: 'send', key: 'd' },
  { path: 'endpoints', label: 'Endpoints', icon: 'webhook', key: 'n' },
  { path: 'consumers', label: 'Consumers', icon: 'users', key: 'c' },
  { path: 'event-types', label: 'Event types', icon: 'tags', key: 't' },
  { path: 'profile', label: 'Profile', icon: 'file-code', key: 'p' },
  { path: 'stream', label: 'Stream', icon: 'radio', key: 's' },
  { path: 'recoveries', label: 'Recoveries', icon: 'rotate-cw', key: 'r' },
  { path: 'keys', label: 'Keys', icon: 'key-round', key: 'k' },
  { path: 'settings', label: 'Settings', icon: 'settings-2', key: ',' },
];
