import { useEffect, useState } from 'react';
import { Button } from '../buttons/button.tsx';
import css from './more.module.css';

type Paged = {
  hasNextPage: boolean;
  isFetching: boolean;
  isFetchingNextPage: boolean;
  isError: boolean;
  fetchNextPage: () => Promise<unknown>;
};

type MoreProps = {
  query: Paged;
  what: string;
  /** How many rows are shown. */
  found: number;
};

/**
 * Shows the next page of a list below the others. The API looks at a bounded number of rows for a page, so a filter that matches few
 * of them gets pages without any: until there is one, the list goes on by itself.
 */
export function More({ query, what, found }: MoreProps) {
  const [isStopped, setStopped] = useState(false);
  const { hasNextPage, isFetching, isFetchingNextPage, isError, fetchNextPage } = query;
  const looksOn = hasNextPage && found === 0 && !isStopped && !isError;
  useEffect(() => {
    if (looksOn && !isFetching) void fetchNextPage();
  }, [looksOn, isFetching, fetchNextPage]);
  if (!hasNextPage) return null;
  return (
    <div className={css.more}>
      {found === 0 && <p>{`None of the newest ${what} fits.${looksOn ? ' Looking further back …' : ''}`}</p>}
      {looksOn ? (
        <Button icon="pause" onClick={() => setStopped(true)}>
          Stop
        </Button>
      ) : (
        <Button icon="chevron-down" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {`Show more ${what}`}
        </Button>
      )}
    </div>
  );
}
