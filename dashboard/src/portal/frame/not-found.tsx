import { Link } from '@tanstack/react-router';
import { Empty, Page } from '../../kit/layout/page.tsx';

export function NotFound() {
  return (
    <Page title="There is no such page">
      <Empty icon="search" title="Nothing is at this address">
        <p>
          <Link to="/endpoints">To your endpoints</Link>
        </p>
      </Empty>
    </Page>
  );
}
