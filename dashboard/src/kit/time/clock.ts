import { useEffect, useState, useSyncExternalStore } from 'react';
import { readSetting, subscribeToSettings, writeSetting } from '../../theme/settings.ts';
import type { Clock } from './time.ts';

const isClock = (text: string | null): text is Clock =>
  text === 'local' || text === 'utc' || text === 'relative';

const current = (): Clock => {
  const stored = readSetting('clock');
  return isClock(stored) ? stored : 'relative';
};

export function useClock(): [Clock, (clock: Clock) => void] {
  return [useSyncExternalStore(subscribeToSettings, current), (clock) => writeSetting('clock', clock)];
}

/** The time, again every `everyMs`; only while the page is visible. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
