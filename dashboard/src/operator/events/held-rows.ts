import { useRef, useState } from 'react';

const isRowInUse = (): boolean =>
  scrollY > 120 ||
  document.querySelector('tbody tr:hover, tbody tr:focus-within, tbody input:checked') !== null;

/**
 * Holds back rows that arrive while someone reads, points at or selects the others, so that none moves under them.
 * `list`: names the list; another one begins anew.
 */
export function useHeldRows<T extends { sequence: number }>(
  rows: T[],
  list: string,
): { rows: T[]; waiting: number; show: () => void } {
  const shown = useRef({ list: '', top: Number.POSITIVE_INFINITY });
  const [, render] = useState(0);
  const newest = rows[0]?.sequence ?? 0;
  if (shown.current.list !== list) shown.current = { list, top: newest };
  else if (shown.current.top === 0 || !isRowInUse()) shown.current.top = newest;
  const visible = rows.filter(({ sequence }) => sequence <= shown.current.top);
  return {
    rows: visible,
    waiting: rows.length - visible.length,
    show: () => {
      shown.current.top = newest;
      scrollTo({ top: 0 });
      render((n) => n + 1);
    },
  };
}
