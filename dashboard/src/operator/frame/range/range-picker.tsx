import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../../kit/dialogs/dialog.tsx';
import { Field } from '../../../kit/fields/field.tsx';
import {
  isRangeName,
  RANGE_WORDS,
  RANGES,
  type RangeName,
  type TimeRange,
} from '../../../kit/time/time-range.ts';
import { readSetting, writeSetting } from '../../../theme/settings.ts';
import css from '../frame.module.css';

/** The range of a URL that names none: that of the last visit. */
export function defaultRange(): RangeName {
  const stored = readSetting('range');
  return isRangeName(stored) ? stored : '24h';
}

type RangePickerProps = { mayBeAll: boolean; onChange: (range: TimeRange) => void };

/** `mayBeAll`: a URL that names no range stands for all times. */
export function RangePicker({ mayBeAll, onChange }: RangePickerProps) {
  const search: TimeRange = useSearch({ strict: false });
  const [isOpen, setOpen] = useState(false);
  const isCustom = search.since !== undefined || search.until !== undefined;
  const value = isCustom
    ? 'custom'
    : isRangeName(search.range)
      ? search.range
      : mayBeAll
        ? 'all'
        : defaultRange();
  const choose = (name: string): void => {
    if (name === 'custom') {
      setOpen(true);
    } else if (name === 'all') {
      onChange({ range: undefined, since: undefined, until: undefined });
    } else {
      writeSetting('range', name);
      onChange({ range: name, since: undefined, until: undefined });
    }
  };
  return (
    <>
      <select
        className={css.select}
        aria-label="Time range"
        value={value}
        onChange={(event) => choose(event.target.value)}
      >
        {mayBeAll && <option value="all">All times</option>}
        {RANGES.map((name) => (
          <option key={name} value={name}>
            Last {RANGE_WORDS[name]}
          </option>
        ))}
        <option value="custom">{isCustom ? 'From – to' : 'From – to …'}</option>
      </select>
      {isOpen && (
        <CustomRange
          search={search}
          onClose={() => setOpen(false)}
          onChange={(range) => {
            setOpen(false);
            onChange({ range: undefined, ...range });
          }}
        />
      )}
    </>
  );
}

type CustomRangeProps = { search: TimeRange; onClose: () => void; onChange: (range: TimeRange) => void };

function CustomRange({ search, onClose, onChange }: CustomRangeProps) {
  const [since, setSince] = useState(localInput(search.since));
  const [until, setUntil] = useState(localInput(search.until));
  const iso = (text: string): string | undefined => (text ? new Date(text).toISOString() : undefined);
  return (
    <Dialog title="Time range" onClose={onClose}>
      <Field label="From">
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            step="1"
            value={since}
            onChange={(event) => setSince(event.target.value)}
          />
        )}
      </Field>
      <Field label="To" hint="Empty: until now. Both are in the time zone of this browser.">
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            step="1"
            value={until}
            onChange={(event) => setUntil(event.target.value)}
          />
        )}
      </Field>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" onClick={() => onChange({ since: iso(since), until: iso(until) })}>
          Show this range
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function localInput(iso: string | undefined): string {
  if (iso === undefined || Number.isNaN(Date.parse(iso))) return '';
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
