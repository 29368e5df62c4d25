import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { FailureGroup } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { attemptsQuery, deliveriesQuery } from '../../api/queries.ts';
import { type BodyForm, BodyView } from '../../json-view/body-view.tsx';
import { SkeletonRows } from '../../kit/layout/page.tsx';
import { DeliveryTable } from '../deliveries/delivery-table.tsx';
import css from './attention.module.css';

const SAMPLES = 3;

/** What the receiver said last, and the newest deliveries of the group. */
export function Samples({ project, group }: { project: string; group: FailureGroup }) {
  const { data: attempts } = useQuery(attemptsQuery(project, group.sample));
  const filter = {
    attention: 'true' as const,
    status: group.state,
    ...(group.endpoint !== null && { endpoint: group.endpoint }),
  };
  const cause = {
    ...(group.outcome !== null && { outcome: group.outcome }),
    ...(group.statusCode !== null && { statusCode: group.statusCode }),
    ...(group.errorCode !== null && { errorCode: group.errorCode }),
  };
  const since = new Date(Date.parse(group.firstAt) - 1_000).toISOString();
  const query = useInfiniteQuery(deliveriesQuery(project, { ...filter, ...cause, since, limit: SAMPLES }));
  const [form, setForm] = useState<BodyForm>('pretty');
  const last = attempts?.[0];
  const deliveries = query.data?.pages[0]?.items ?? [];
  return (
    <div className={css.samples}>
      {last?.error && (
        <p>
          <code>{last.error.code}</code> {last.error.message}
        </p>
      )}
      {last?.response?.body && (
        <BodyView text={last.response.body} label="Last response body" form={form} onForm={setForm} />
      )}
      {query.isPending && <SkeletonRows rows={SAMPLES} />}
      {query.error && <Problem error={query.error} />}
      {deliveries.length > 0 && (
        <DeliveryTable project={project} deliveries={deliveries} isOfOneEndpoint={group.endpoint !== null} />
      )}
      <p>
        <Link
          to="/p/$project/deliveries"
          params={{ project }}
          search={{ ...filter, ...cause, statusCode: group.statusCode?.toString(), since }}
        >
          Open as a list
        </Link>
      </p>
    </div>
  );
}
