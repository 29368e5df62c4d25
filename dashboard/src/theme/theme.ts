import { useSyncExternalStore } from 'react';
import { readSetting, subscribeToSettings, writeSetting } from './settings.ts';

export type Theme = 'system' | 'light' | 'dark';

const isTheme = (text: string | null): text is Theme =>
  text === 'system' || text === 'light' || text === 'dark';

const current = (): Theme => {
  const stored = readSetting('theme');
  return isTheme(stored) ? stored : 'system';
};

/** Before the first paint, so that a page in the dark mode does not begin in the light one. */
export function applyTheme(): void {
  const theme = current();
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(subscribeToSettings, current);
  const choose = (next: Theme): void => {
    writeSetting('theme', next);
    applyTheme();
  };
  return [theme, choose];
}
