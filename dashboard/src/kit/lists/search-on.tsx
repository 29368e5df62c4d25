import { useState } from 'react';
import { Button } from '../buttons/button.tsx';
import { Moment } from '../time/moment.tsx';
import css from './search-on.module.css';
import { type PagedQuery, useGoingOn } from './use-going-on.ts';

type Searched = { searchedTo?: string | null; complete?: boolean };

type SearchQuery = PagedQuery & { data: { pages: Searched[] } | undefined };

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
  const { goesOn, setStopped } = useGoingOn(query, found < goal);
  const { data, hasNextPage, isError, fetchNextPage } = query;
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
      {goesOn && (
        <Button icon="pause" onClick={stop}>
          Stop
        </Button>
      )}
      {hasNextPage && !goesOn && (
        <Button icon="chevron-down" onClick={further}>
          Further
        </Button>
      )}
    </p>
  );
}
