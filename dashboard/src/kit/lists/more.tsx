import { Button } from '../buttons/button.tsx';
import css from './more.module.css';

type Paged = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };

/** Shows the next page of a list below the others. */
export function More({ query, what }: { query: Paged; what: string }) {
  if (!query.hasNextPage) return null;
  return (
    <div className={css.more}>
      <Button icon="chevron-down" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {`Show more ${what}`}
      </Button>
    </div>
  );
}
