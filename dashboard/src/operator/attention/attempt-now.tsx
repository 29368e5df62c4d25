import { useMutation } from '@tanstack/react-query';
import pLimit from 'p-limit';
import type { Delivery, FailureGroup } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { messageOf } from '../../api/problem.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { counted } from '../../kit/text/counted.ts';
import { type GroupFilter, isInGroup } from './group-filter.ts';

/** Each is a call of its own. */
const MAX_ATTEMPTED = 100;
/** Calls under way at once: a page must not use up the rate of its project. */
const AT_ONCE = 4;
/** A search answers in pages that may be short. */
const MAX_PAGES = 20;

type AttemptNowProps = { project: string; group: FailureGroup; filter: GroupFilter; onChange: () => void };

/** Brings the next attempt of every delivery of the group forward. */
export function AttemptNow({ project, group, filter, onChange }: AttemptNowProps) {
  const attempt = useMutation({
    mutationFn: async () => {
      const { found, hasMore } = await retryingOf(project, group, filter);
      const limit = pLimit(AT_ONCE);
      const { deliveries } = clientOf(project);
      const results = await Promise.allSettled(found.map(({ id }) => limit(() => deliveries.retry(id))));
      return { results, hasMore };
    },
    onSuccess: ({ results, hasMore }) => {
      const refused = results.filter((result) => result.status === 'rejected');
      const started = results.length - refused.length;
      const more = hasMore ? ' There are more: attempt once again.' : '';
      if (refused.length > 0)
        tell(
          `${attempts(started)} now, ${refused.length.toLocaleString()} could not: ${messageOf(refused[0]!.reason)}`,
          'bad',
        );
      else if (started === 0) tell('Nothing of this group is being retried any more.', 'info');
      else tell(`${attempts(started)} now.${more}`);
      onChange();
    },
    onError: (error) => tell(messageOf(error), 'bad'),
  });
  return (
    <Button kind="primary" icon="rotate-cw" busy={attempt.isPending} onClick={() => attempt.mutate()}>
      {group.deliveries === 1 ? 'Attempt now' : `Attempt ${Math.min(group.deliveries, MAX_ATTEMPTED)} now`}
    </Button>
  );
}

const attempts = (n: number): string => counted(n, 'attempt starts', 'attempts start');

async function retryingOf(project: string, group: FailureGroup, filter: GroupFilter) {
  const found: Delivery[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES && found.length <= MAX_ATTEMPTED; page++) {
    const { items, nextCursor } = await clientOf(project).deliveries.list({
      ...filter,
      attention: 'true',
      status: 'retrying',
      limit: 200,
      ...(cursor !== undefined && { cursor }),
    });
    found.push(...items.filter((delivery) => isInGroup(delivery, group)));
    if (nextCursor === null)
      return { found: found.slice(0, MAX_ATTEMPTED), hasMore: found.length > MAX_ATTEMPTED };
    cursor = nextCursor;
  }
  return { found: found.slice(0, MAX_ATTEMPTED), hasMore: true };
}
