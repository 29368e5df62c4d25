import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Problem } from '../../api/problem.tsx';
import { failuresQuery } from '../../api/queries.ts';
import { Chip } from '../../kit/filters/chip.tsx';
import filters from '../../kit/filters/filters.module.css';
import { Empty, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldOrder } from '../../kit/lists/held-rows.ts';
import { keepRange } from '../../kit/time/time-range.ts';
import { defaultRange } from '../frame/range/range-picker.tsx';
import { FailureGroupRow } from './failure-group.tsx';
import { groupKey } from './group-filter.ts';

const REFETCH_MS = 5_000;

/** What is broken, why, and what to do about it. */
export function Attention() {
  const { project } = useParams({ from: '/frame/p/$project/attention' });
  const search = useSearch({ from: '/frame/p/$project/attention' });
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const filter = (changes: object): void =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...changes }) });
  const { state, endpoint, consumer, range, since, until } = search;
  const isLimited = Boolean(range ?? since ?? until);
  const wanted = {
    ...(state && { state: state as 'retrying' }),
    ...(endpoint && { endpoint }),
    ...(consumer && { consumer }),
  };
  const query = useQuery({
    ...failuresQuery(
      project,
      wanted,
      isLimited ? { range: keepRange(search), fallback: defaultRange() } : undefined,
    ),
    refetchInterval: REFETCH_MS,
    placeholderData: (old) => old,
  });
  const groups = useHeldOrder(query.data?.items ?? [], groupKey);
  const total = groups.reduce((sum, { deliveries }) => sum + deliveries, 0);
  return (
    <Page title="Attention">
      <div className={filters.filters}>
        <select
          className={filters.select}
          aria-label="State"
          value={state ?? ''}
          onChange={(change) => filter({ state: change.target.value })}
        >
          <option value="">Retrying and undeliverable</option>
          <option value="retrying">retrying</option>
          <option value="undeliverable">undeliverable</option>
        </select>
        {endpoint && <Chip name="endpoint" value={endpoint} onDrop={() => filter({ endpoint: undefined })} />}
        {consumer && <Chip name="consumer" value={consumer} onDrop={() => filter({ consumer: undefined })} />}
      </div>
      {query.error && <Problem error={query.error} />}
      {groups.length > 0 && (
        <p>
          <strong>{total.toLocaleString()}</strong> {total === 1 ? 'delivery needs' : 'deliveries need'}{' '}
          attention, in <strong>{groups.length}</strong> {groups.length === 1 ? 'group' : 'groups'}.
          {query.data?.complete === false &&
            ` Only the newest ${query.data.lookedAt.toLocaleString()} were looked at.`}
        </p>
      )}
      {query.isPending && (
        <Panel>
          <SkeletonRows rows={5} />
        </Panel>
      )}
      {query.data && groups.length === 0 && (
        <Panel>
          <Empty icon="circle-check" title="Nothing needs you">
            <p>
              No delivery is being retried, and none has failed for good without being resent or dismissed.
            </p>
          </Empty>
        </Panel>
      )}
      {groups.map((group) => (
        <FailureGroupRow
          key={groupKey(group)}
          project={project}
          group={group}
          onChange={() => void queryClient.invalidateQueries({ queryKey: [project] })}
        />
      ))}
    </Page>
  );
}
