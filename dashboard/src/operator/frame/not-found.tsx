import { Link } from '@tanstack/react-router';
import { Empty, Page } from '../../kit/layout/page.tsx';
import css from './frame.module.css';

export function NotFound() {
  return (
    <Page title="There is no such page">
      <Empty icon="search" title="Nothing is at this address">
        <p>
          <Link to="/">To the first page</Link>
        </p>
      </Empty>
    </Page>
  );
}

/** Where no frame is around it. */
export const NotFoundAlone = () => (
  <main className={css.alone}>
    <NotFound />
  </main>
);
