import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ListDeliveriesQuery } from '../../../../sdk/typescript/src/models.ts';
import { Chip } from '../../kit/filters/chip.tsx';
import filters from '../../kit/filters/filters.module.css';
import { Page } from '../../kit/layout/page.tsx';
import { DeliveryList } from './delivery-list.tsx';
import { StateFilter } from './state-filter.tsx';

const FILTERS = [
  'status',
  'attention',
  'event',
  'endpoint',
  'consumer',
  'outcome',
  'statusCode',
  'errorCode',
] as const;

const NAMES: Record<string, string> = { statusCode: 'status code', errorCode: 'error' };

/** A filter in words. */
const wordsOf = (name: string, value: string): [name: string, value: string] => {
  if (name === 'attention') return value === 'true' ? ['only', 'needs attention'] : ['attention', value];
  return [NAMES[name] ?? name, name === 'outcome' ? value.replaceAll('_', ' ') : value];
};

/** The deliveries behind a group of failures, an endpoint or an event. */
export function Deliveries() {
  const { project } = useParams({ from: '/frame/p/$project/deliveries' });
  const search = useSearch({ from: '/frame/p/$project/deliveries' });
  const navigate = useNavigate();
  const filter = (changes: object): void =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...changes }) });
  const active = FILTERS.flatMap((name) => (search[name] ? [[name, search[name]] as const] : []));
  return (
    <Page title="Deliveries">
      <div className={filters.filters}>
        <StateFilter value={search.status} onChange={(status) => filter({ status })} />
        {active.map(([name, value]) => {
          const [word, shown] = wordsOf(name, value);
          return <Chip key={name} name={word} value={shown} onDrop={() => filter({ [name]: undefined })} />;
        })}
      </div>
      {/* The API checks the values, and says what is wrong with them. */}
      <DeliveryList
        project={project}
        filter={Object.fromEntries(active) as ListDeliveriesQuery}
        range={search}
      />
    </Page>
  );
}
