import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { NewRecovery, Recovery, RecoveryPreview } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { findStillRetried, stillRetriedText } from '../../api/still-retried.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { counted } from '../../kit/text/counted.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { duration } from '../../kit/time/time.ts';

const SINCE: [label: string, ms: number][] = [
  ['The last hour', 3_600_000],
  ['The last 6 hours', 6 * 3_600_000],
  ['The last 24 hours', 86_400_000],
  ['The last 7 days', 7 * 86_400_000],
  ['The last 30 days', 30 * 86_400_000],
];
const DEFAULT_RATE = 50;

type RecoverProps = {
  project: string;
  filter: NewRecovery;
  title: string;
  explanation: string;
  onClose: () => void;
  onStarted: (recovery: Recovery) => void | Promise<void>;
};

/** Counts first what would be sent; then starts the recovery. */
export function Recover({ project, filter, title, explanation, onClose, onStarted }: RecoverProps) {
  const [sinceMs, setSinceMs] = useState<number | 'time'>(86_400_000);
  const [sinceTime, setSinceTime] = useState('');
  const [rate, setRate] = useState(String(DEFAULT_RATE));
  const queryClient = useQueryClient();
  const [start] = useState(() => Date.now());
  const wanted: NewRecovery = {
    ...filter,
    since: filter.since ?? sinceOf(sinceMs, sinceTime, start),
    ...(Number(rate) > 0 && { rate: Number(rate) }),
  };
  const preview = useMutation({ mutationFn: () => clientOf(project).recoveries.preview(wanted) });
  const begin = useMutation({
    mutationFn: () => clientOf(project).recoveries.start(wanted),
    onSuccess: async (recovery) => {
      await queryClient.invalidateQueries({ queryKey: [project] });
      onClose();
      await onStarted(recovery);
    },
  });
  const { mutate: count } = preview;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it counts again when the range changes
  useEffect(() => count(), [count, sinceMs, sinceTime]);
  const matches = preview.data?.matches ?? 0;
  const { endpoint, consumer } = filter;
  const { data: retried } = useQuery({
    queryKey: [project, 'still-retried', endpoint, consumer],
    queryFn: () =>
      findStillRetried(project, { ...(endpoint && { endpoint }), ...(consumer && { consumer }) }),
    enabled: filter.what === 'failed' && preview.data?.matches === 0,
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{explanation}</p>
      {filter.since === undefined && (
        <Field label="Since">
          {(control) => (
            <select
              {...control}
              value={String(sinceMs)}
              onChange={(change) =>
                setSinceMs(change.target.value === 'time' ? 'time' : Number(change.target.value))
              }
            >
              {SINCE.map(([label, ms]) => (
                <option key={ms} value={ms}>
                  {label}
                </option>
              ))}
              <option value="time">A time …</option>
            </select>
          )}
        </Field>
      )}
      {filter.since === undefined && sinceMs === 'time' && (
        <TextField
          label="Since this time"
          hint="In the time zone of this browser."
          type="datetime-local"
          step="1"
          value={sinceTime}
          onChange={setSinceTime}
        />
      )}
      <Field label="Deliveries a second" hint="At most 1,000. New events go first in any case.">
        {(control) => (
          <input
            {...control}
            type="number"
            min={1}
            max={1000}
            value={rate}
            onChange={(change) => setRate(change.target.value)}
          />
        )}
      </Field>
      {preview.error && <Problem error={preview.error} />}
      {begin.error && <Problem error={begin.error} />}
      <p aria-live="polite">
        {preview.isPending && 'Counting …'}
        {preview.data && <Plan preview={preview.data} rate={Number(rate)} />}
        {matches === 0 && retried && ` ${stillRetriedText(retried, Date.now()) ?? ''}`}
      </p>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind="primary"
          icon="rotate-cw"
          busy={begin.isPending}
          disabled={matches === 0}
          onClick={() => begin.mutate()}
        >
          {`${filter.what === 'missing' ? 'Send' : 'Resend'} ${countOf(preview.data)}`}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** A time that is not written yet counts as a day ago. */
function sinceOf(choice: number | 'time', written: string, start: number): string {
  const time = Date.parse(written);
  const ms = choice === 'time' ? (Number.isNaN(time) ? 86_400_000 : Math.max(1_000, start - time)) : choice;
  return new Date(start - ms).toISOString();
}

const countOf = (preview: RecoveryPreview | undefined): string => {
  if (!preview) return '…';
  const { matches, capped } = preview;
  return `${matches.toLocaleString()}${capped ? ' or more' : ''} ${matches === 1 ? 'delivery' : 'deliveries'}`;
};

function Plan({ preview, rate }: { preview: RecoveryPreview; rate: number }) {
  if (preview.matches === 0) return 'There is nothing to send.';
  const { endpoints, oldestAt, matches } = preview;
  return (
    <>
      <strong>{countOf(preview)}</strong> to {counted(endpoints, 'endpoint')}
      {oldestAt && (
        <>
          , the oldest from <Moment at={oldestAt} />
        </>
      )}
      {rate > 0 && `; at ${rate} a second it takes about ${duration(Math.max(1, matches / rate) * 1_000)}`}.
    </>
  );
}
