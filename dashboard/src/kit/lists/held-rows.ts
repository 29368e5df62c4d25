import { useRef, useState } from 'react';
import { type Item, inOrder, keptRows, waitingAmong } from './kept-rows.ts';

/** What is no row of a table has `data-row`. */
const IN_USE = ['tbody tr', '[data-row]']
  .flatMap((row) => [`${row}:hover`, `${row}:focus-within`])
  .join(', ');
const isRowInUse = (): boolean => document.querySelector(`${IN_USE}, tbody input:checked`) !== null;
/** Whoever has scrolled so far reads further down. */
const isScrolled = (): boolean => scrollY > 120;

/** `waiting`: how many rows are held back; `50+` if more may have come than were asked for, '' if none. */
export type HeldRows<T> = { rows: T[]; waiting: string; show: () => void };

/**
 * Holds back rows that arrive while someone reads, points at or selects the others, so that none moves under them, however
 * many come. `list`: names the list; another one begins anew.
 */
export function useHeldRows<T extends Item>(rows: T[], list: string): HeldRows<T> {
  const held = useRef<{ list: string; rows: T[] }>({ list: '', rows: [] });
  const [, render] = useState(0);
  const isHeld = held.current.list === list && held.current.rows.length > 0 && (isRowInUse() || isScrolled());
  held.current = { list, rows: isHeld ? keptRows(held.current.rows, rows) : rows };
  return {
    rows: held.current.rows,
    waiting: waitingAmong(held.current.rows, rows),
    show: () => {
      held.current = { list, rows };
      scrollTo({ top: 0 });
      render((n) => n + 1);
    },
  };
}

/** Keeps the order of a list while one of its rows is in use. What is new comes last until then. */
export function useHeldOrder<T>(items: T[], keyOf: (item: T) => string): T[] {
  const order = useRef<string[]>([]);
  const shown = isRowInUse() ? inOrder(order.current, items, keyOf) : items;
  order.current = shown.map(keyOf);
  return shown;
}
