import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import pLimit from 'p-limit';
import { useState } from 'react';
import type { EventSummary, NewRecovery } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { messageOf } from '../../api/problem.tsx';
import { findStillRetried, stillRetriedText } from '../../api/still-retried.ts';
import { Recover } from '../../endpoint/recovery/recover.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { type Selection, SelectionBar } from '../../kit/lists/selection.tsx';
import { tell } from '../../kit/status/toast.tsx';

/** More than these are resent by what they have in common. */
const MAX_SELECTED = 100;
const MAX_DELIVERIES = 1_000;
/** Calls under way at once: a page must not use up the rate of its project. */
const AT_ONCE = 4;

type ResendSelectedProps = {
  project: string;
  events: EventSummary[];
  selection: Selection;
  filters: [name: string, value: string][];
};

/** Sends what failed of the chosen events again, as one recovery that can be watched and stopped. */
export function ResendSelected({ project, events, selection, filters }: ResendSelectedProps) {
  const [isRecovering, setRecovering] = useState(false);
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const open = async (recovery: string): Promise<void> => {
    selection.change(new Set());
    await queryClient.invalidateQueries({ queryKey: [project] });
    await navigate({ to: '/p/$project/recoveries/$recovery', params: { project, recovery } });
  };
  const resend = useMutation({
    mutationFn: async () => {
      const failed = await failedOf(project, events);
      if (failed.length === 0)
        return tell(
          `Nothing was sent: ${(await retriedText(project, events)) ?? 'none of these events has a failed delivery that was not resent already.'}`,
          'info',
        );
      const { id } = await clientOf(project).recoveries.start({
        deliveries: failed.slice(0, MAX_DELIVERIES),
      });
      return open(id);
    },
    onError: (error) => tell(messageOf(error), 'bad'),
  });
  return (
    <SelectionBar label="Selected events" selection={selection}>
      {events.length > MAX_SELECTED ? (
        <>
          <span>At most {MAX_SELECTED} are resent one by one.</span>
          <Button icon="rotate-cw" onClick={() => setRecovering(true)}>
            Recover by what they have in common
          </Button>
        </>
      ) : (
        <Button icon="rotate-cw" busy={resend.isPending} onClick={() => resend.mutate()}>
          Resend failed deliveries
        </Button>
      )}
      {isRecovering && (
        <Recover
          project={project}
          filter={{ what: 'failed', ...inCommon(filters) }}
          title="Recover what failed"
          explanation="Each undeliverable delivery that fits, and that was neither resent nor dismissed, is sent again; of all events since then, not only of those that are selected."
          onClose={() => setRecovering(false)}
          onStarted={({ id }) => open(id)}
        />
      )}
    </SelectionBar>
  );
}

/** What a recovery can be limited to, of the filters of the list. */
function inCommon(
  filters: [name: string, value: string][],
): Pick<NewRecovery, 'type' | 'consumer' | 'endpoint'> {
  const { type, consumer, endpoint } = Object.fromEntries(filters);
  return {
    ...(type && !type.includes('*') && { type }),
    ...(consumer && { consumer }),
    ...(endpoint && { endpoint }),
  };
}

/** What is open is not sent again: it has attempts left. */
async function retriedText(project: string, events: EventSummary[]): Promise<string | undefined> {
  const limit = pLimit(AT_ONCE);
  const found = await Promise.all(
    events
      .filter(({ openCount }) => openCount > 0)
      .map(({ id }) => limit(() => findStillRetried(project, { event: id }))),
  );
  const all = {
    deliveries: found.flatMap(({ deliveries }) => deliveries),
    hasMore: found.some(({ hasMore }) => hasMore),
  };
  return stillRetriedText(all, Date.now());
}

async function failedOf(project: string, events: EventSummary[]): Promise<string[]> {
  const { deliveries } = clientOf(project);
  const limit = pLimit(AT_ONCE);
  const pages = await Promise.all(
    events
      .filter(({ undeliverableCount }) => undeliverableCount > 0)
      .map(({ id }) => limit(() => deliveries.list({ event: id, status: 'undeliverable', limit: 200 }))),
  );
  return pages
    .flatMap(({ items }) => items)
    .filter(({ replayedBy }) => replayedBy === null)
    .map(({ id }) => id);
}
