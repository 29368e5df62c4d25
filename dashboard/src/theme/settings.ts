/** What a reader chose: theme, clock, keys. Kept in the browser; never anything of a project. */
export type Setting = 'theme' | 'clock' | 'range' | 'keys' | 'live' | 'project';

const listeners = new Set<() => void>();
const prefix = 'posthorn.';

export function readSetting(name: Setting): string | null {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    // A browser that refuses storage: the settings last as long as the defaults.
    return null;
  }
}

export function writeSetting(name: Setting, value: string): void {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // As above.
  }
  for (const listener of listeners) listener();
}

export function subscribeToSettings(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}
