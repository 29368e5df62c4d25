import { Button } from '../buttons/button.tsx';
import css from './more.module.css';
import { type PagedQuery, useGoingOn } from './use-going-on.ts';

type MoreProps = {
  query: PagedQuery & { isFetchingNextPage: boolean };
  what: string;
  /** How many rows are shown. */
  found: number;
};

/**
 * Shows the next page of a list below the others. The API looks at a bounded number of rows for a page, so a filter that matches few
 * of them gets pages without any: until there is one, the list goes on by itself.
 */
export function More({ query, what, found }: MoreProps) {
  const { goesOn: looksOn, setStopped } = useGoingOn(query, found === 0);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
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
