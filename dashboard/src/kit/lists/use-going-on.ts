import { useEffect, useState } from 'react';

export type PagedQuery = {
  hasNextPage: boolean;
  isFetching: boolean;
  isError: boolean;
  fetchNextPage: () => Promise<unknown>;
};

/** Loads one page after the other while more is wanted, until nothing is left, a page fails, or someone stops it. */
export function useGoingOn(query: PagedQuery, wantsMore: boolean) {
  const [isStopped, setStopped] = useState(false);
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  const goesOn = hasNextPage && wantsMore && !isStopped && !isError;
  useEffect(() => {
    if (goesOn && !isFetching) void fetchNextPage();
  }, [goesOn, isFetching, fetchNextPage]);
  return { goesOn, setStopped };
}
