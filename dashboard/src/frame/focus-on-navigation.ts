import { useEffect, useState } from 'react';

/** After a change of the screen the focus is on its heading, so that readers hear where they are. */
export function useFocusOnNavigation(pathname: string): void {
  const [first] = useState(pathname);
  useEffect(() => {
    if (pathname === first) return undefined;
    const timer = setTimeout(() => document.querySelector('h1')?.focus(), 60);
    return () => clearTimeout(timer);
  }, [pathname, first]);
}
