import { useMutation } from '@tanstack/react-query';
import type { Endpoint, FilterPreview } from '../../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../../api/client.ts';
import { Problem } from '../../../api/problem.tsx';
import { JsonField } from '../../../json-view/json-field.tsx';
import { isUsableJson } from '../../../json-view/json-problem.ts';
import buttons from '../../../kit/buttons/button.module.css';
import { Button } from '../../../kit/buttons/button.tsx';
import field from '../../../kit/fields/field.module.css';
import { State } from '../../../kit/status/state.tsx';
import { Moment } from '../../../kit/time/moment.tsx';
import css from './form.module.css';

const EXAMPLE = `{
  "properties": {
    "data": {
      "properties": { "amount": { "minimum": 100 } },
      "required": ["amount"]
    }
  }
}`;

type FilterFieldsProps = {
  project: string;
  /** Undefined: it is made, and there is nothing to compare. */
  endpoint: Endpoint | undefined;
  value: string;
  onChange: (filter: string) => void;
  error: unknown;
};

/** The filter, and which of the last events fit it. */
export function FilterFields({ project, endpoint, value, onChange, error }: FilterFieldsProps) {
  const preview = useMutation({
    mutationFn: () =>
      clientOf(project).endpoints.previewFilter(endpoint!.id, {
        filter: JSON.parse(value) as Record<string, unknown>,
      }),
  });
  const isEmpty = value.trim() === '';
  const change = (text: string): void => {
    preview.reset();
    onChange(text);
  };
  return (
    <>
      <JsonField
        label="Filter"
        hint={
          <>
            A JSON Schema over <code>type</code>, <code>attributes</code> and <code>data</code> of an event.
            Events that do not fit it are not sent. A member that is missing fits, unless{' '}
            <code>required</code> names it. Empty: every event of its types.
          </>
        }
        error={error ?? preview.error}
        pointer="/filter"
        isOptional
        className={css.filter}
        value={value}
        onChange={change}
      />
      {(isEmpty || endpoint) && (
        <div className={buttons.row}>
          {isEmpty && <Button onClick={() => change(EXAMPLE)}>Begin with an example</Button>}
          {endpoint && (
            <Button
              icon="search"
              busy={preview.isPending}
              disabled={isEmpty || !isUsableJson(value)}
              onClick={() => preview.mutate()}
            >
              Compare with recent events
            </Button>
          )}
        </div>
      )}
      {!endpoint && !isEmpty && (
        <p className={field.hint}>Once it is added, Edit compares the filter with recent events.</p>
      )}
      {preview.error && <Problem error={preview.error} />}
      {preview.data && <Comparison preview={preview.data} />}
    </>
  );
}

const RESULTS = {
  match: { tone: 'good', icon: 'check', word: 'fits' },
  mismatch: { tone: 'idle', icon: 'x', word: 'does not fit' },
  too_costly: { tone: 'warn', icon: 'triangle-alert', word: 'too costly to compare: it is sent' },
} as const;

function Comparison({ preview: { items, matches } }: { preview: FilterPreview }) {
  if (items.length === 0)
    return <p aria-live="polite">There is no recent event of its types to compare it with.</p>;
  return (
    <section className={css.comparison} aria-label="Comparison" aria-live="polite">
      <p>
        <strong>
          {matches} of {items.length}
        </strong>{' '}
        recent events of its types would be sent.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <ul tabIndex={0}>
        {items.map(({ id, type, createdAt, result }) => (
          <li key={id}>
            <State tone={RESULTS[result].tone} icon={RESULTS[result].icon}>
              {RESULTS[result].word}
            </State>
            <code>{type}</code>
            <span className={field.hint}>
              <Moment at={createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
