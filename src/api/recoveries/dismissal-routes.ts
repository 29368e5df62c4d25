import { z } from 'zod';
import type { Queryable } from '../../store/postgres/database.ts';
import { dismissFitting, dismissThese } from '../../store/recoveries/dismissals.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { pointInTime } from '../http/validation/fields.ts';
import { bulkFilter, filterFields, listedDeliveries } from './bulk-schemas.ts';

/** A call that dismisses more ends after this time, and says so. */
const MAX_MS = 5_000;

const newDismissal = z
  .strictObject({
    deliveries: listedDeliveries.optional(),
    filter: z
      .strictObject({
        ...filterFields,
        since: pointInTime.optional().meta({ description: 'Only deliveries created at or after this time' }),
        until: pointInTime.optional().meta({ description: 'Only deliveries created before this time' }),
      })
      .optional(),
  })
  .refine(
    ({ deliveries, filter }) => (deliveries === undefined) !== (filter === undefined),
    'must have either `deliveries` or `filter`',
  )
  .meta({ id: 'NewDismissal', description: 'Either `deliveries` or `filter`' });

const dismissal = z
  .object({
    dismissed: z.int().meta({ description: 'How many deliveries were dismissed' }),
    complete: z.boolean().meta({ description: 'false if more may fit: make the same call again' }),
  })
  .meta({ id: 'Dismissal' });

export function dismissalRoutes({ clock }: ApiDependencies, db: Queryable): Route[] {
  return [
    tenantRoute({
      method: 'post',
      path: '/v1/dismissals',
      operationId: 'createDismissal',
      rateLimit: 'dismissals',
      tag: 'Failures',
      summary: 'Dismiss deliveries that nobody will fix',
      description:
        'They need no attention any more and stay `undeliverable`. Deliveries that are not `undeliverable`, or that are replayed or dismissed already, are left out.',
      access: 'project',
      body: newDismissal,
      responses: { 200: { description: 'How many were dismissed', schema: dismissal } },
      handle: createDismissal,
    }),
  ];

  async function createDismissal({ tenant, body }: TenantCall<{ body: typeof newDismissal }>) {
    const { projectId } = tenant;
    if (body.deliveries)
      return json(200, { dismissed: await dismissThese(db, projectId, body.deliveries), complete: true });
    await clock.whenSynced();
    const filter = bulkFilter(tenant, body.filter ?? {}, clock.now());
    const until = performance.now() + MAX_MS;
    let dismissed = 0;
    let next: string | null = '';
    while (filter !== null && next !== null && performance.now() < until) {
      const batch = await dismissFitting(db, projectId, filter, next);
      dismissed += batch.dismissed;
      next = batch.next;
    }
    return json(200, { dismissed, complete: next === null });
  }
}
