import { useEffect, useState } from 'react';
import { Button } from '../buttons/button.tsx';
import { Moment } from '../time/moment.tsx';
import css from './search-on.module.css';

type Searched = { searchedTo?: string | null; complete?: boolean };

type SearchQuery = {
  data: { pages: Searched[] } | undefined;
  hasNextPage: boolean;
  isFetching: boolean;
  isError: boolean;
  fetchNextPage: () => Promise<unknown>;
};

type SearchOnProps = {
  query: SearchQuery;
  /** How many rows were found so far. */
  found: number;
  /** Gives up the call that is under way. */
  onStop: () => void;
};

/** After so many more rows it waits to be asked for others. */
const AT_ONCE = 50;

/**
 * Goes on with a search by itself, because the API looks at a bounded number of rows at a time: rows appear as they are
 * found, until there are enough of them, nothing is left, or someone stops it.
 */
export function SearchOn({ query, found, onStop }: SearchOnProps) {
  const [goal, setGoal] = useState(AT_ONCE);
  const [isStopped, setStopped] = useState(false);
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query;
  const wantsMore = hasNextPage && !isStopped && !isError && found < goal;
  useEffect(() => {
    if (wantsMore && !isFetching) void fetchNextPage();
  }, [wantsMore, isFetching, fetchNextPage]);
  const last = data?.pages.at(-1);
  if (!last || last.complete === undefined) return null;
  const stop = (): void => {
    setStopped(true);
    onStop();
  };
  const further = (): void => {
    setStopped(false);
    setGoal(found + AT_ONCE);
    if (isError) void fetchNextPage();
  };
  return (
    <p className={css.line}>
      <span>
        {last.searchedTo ? (
          <>
            Searched back to <Moment at={last.searchedTo} />
            {last.complete ? ': everything in this range.' : ''}
          </>
        ) : (
          'Everything was searched.'
        )}
      </span>
      {wantsMore && (
        <Button icon="pause" onClick={stop}>
          Stop
        </Button>
      )}
      {hasNextPage && !wantsMore && (
        <Button icon="chevron-down" onClick={further}>
          Further
        </Button>
      )}
    </p>
  );
}
