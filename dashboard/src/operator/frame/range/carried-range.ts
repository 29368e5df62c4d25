import { type SearchMiddleware, useMatches, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { keepRange, type TimeRange } from '../../../kit/time/time-range.ts';

/** That of the last screen that had one. It is in no address of a screen without one, where nobody would see it. */
let last: TimeRange = {};

const isEmpty = (range: TimeRange): boolean => Object.keys(range).length === 0;
const names = (search: object): boolean => 'range' in search || 'since' in search || 'until' in search;

/** Keeps the range on the way to another screen that has one, unless a link names another range. */
export const carryRange: SearchMiddleware<TimeRange> = ({ search, next }) => {
  const wanted = next(search);
  if (names(wanted)) return wanted;
  const current = keepRange(search);
  return { ...(isEmpty(current) ? last : current), ...wanted };
};

/** Whether the screen has a time range. Remembers the range for the next one that has. */
export function useHasRange(): boolean {
  const hasRange = useMatches({ select: hasRangeOf });
  const isOwn = useMatches({ select: (matches) => matches.at(-1)?.staticData.timeRange === 'own' });
  const isInProject = useMatches({ select: (matches) => matches.some(({ params }) => 'project' in params) });
  const { range, since, until }: TimeRange = useSearch({ strict: false });
  useEffect(() => {
    const current = keepRange({ range, since, until });
    if (!isInProject) last = {};
    else if (hasRange && !(isOwn && isEmpty(current))) last = current;
  }, [isInProject, hasRange, isOwn, range, since, until]);
  return hasRange;
}

/** The settings of an endpoint are one of its tabs, which have a range. */
function hasRangeOf(matches: { staticData: { timeRange?: string }; params: object }[]): boolean {
  const shown = matches.at(-1);
  if (shown?.staticData.timeRange === undefined) return false;
  return !('tab' in shown.params && shown.params.tab === 'settings');
}
