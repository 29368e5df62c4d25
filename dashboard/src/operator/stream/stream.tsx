import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { apiUrl, clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointsQuery } from '../../api/queries.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Check } from '../../kit/fields/field.tsx';
import filters from '../../kit/filters/filters.module.css';
import { useKeys } from '../../kit/keys.ts';
import { Empty, Page, Panel } from '../../kit/layout/page.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { cliCommand, curlCommand, listIn } from './follow-commands.ts';
import { OutcomeTable } from './outcome-table.tsx';
import css from './stream.module.css';
import { useStream } from './use-stream.ts';

const KINDS: [kind: string, label: string][] = [
  ['attempt.failed', 'Failed attempts'],
  ['delivery.delivered', 'Delivered'],
  ['delivery.undeliverable', 'Undeliverable'],
  ['delivery.cancelled', 'Cancelled'],
  ['event.settled', 'Settled events'],
];

/** What is happening this second. */
export function Stream() {
  const { project } = useParams({ from: '/frame/p/$project/stream' });
  const search = useSearch({ from: '/frame/p/$project/stream' });
  const navigate = useNavigate();
  const [isPaused, setPaused] = useState(false);
  const [isInList, setInList] = useState(false);
  const filter = {
    kind: listIn(search.kind),
    endpoint: listIn(search.endpoint),
    consumer: listIn(search.consumer),
  };
  const { data: endpoints } = useQuery(endpointsQuery(project, {}));
  const urls = new Map(endpoints?.items.map(({ id, url }) => [id, url]));
  const { outcomes, waiting, rate, error } = useStream(project, filter, isPaused || isInList);
  const change = (changes: object): void =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...changes }), replace: true });
  useKeys({
    ' ': (event) => {
      // On a button, the bar presses it.
      if (event.target instanceof HTMLElement && event.target.closest('button, a, summary')) return;
      event.preventDefault();
      setPaused(!isPaused);
    },
  });
  const toggleKind = (kind: string, isOn: boolean): void => {
    const chosen = filter.kind.length === 0 ? KINDS.map(([name]) => name) : filter.kind;
    const next = isOn ? [...chosen, kind] : chosen.filter((name) => name !== kind);
    change({ kind: next.length === KINDS.length || next.length === 0 ? undefined : next.join(',') });
  };
  return (
    <Page
      title="Stream"
      actions={
        <>
          <Button kind="primary" icon={isPaused ? 'play' : 'pause'} onClick={() => setPaused(!isPaused)}>
            {isPaused ? 'Go on' : 'Pause'}
          </Button>
          <CopyButton text={curlCommand(apiUrl, filter)} what="the curl command" label="Copy as curl" />
          <CopyButton text={cliCommand(apiUrl, filter)} what="the command" label="Copy as command" />
        </>
      }
    >
      <search className={css.filters}>
        <fieldset className={css.kinds} aria-label="Kinds of outcomes">
          {KINDS.map(([kind, label]) => (
            <Check
              key={kind}
              label={label}
              checked={filter.kind.length === 0 || filter.kind.includes(kind)}
              onChange={(isOn) => toggleKind(kind, isOn)}
            />
          ))}
        </fieldset>
        <IdsField
          label="Endpoints"
          placeholder="Endpoints: ep_…, with commas between"
          value={search.endpoint ?? ''}
          onChange={(endpoint) => change({ endpoint })}
        />
        <IdsField
          label="Consumers"
          placeholder="Consumers, with commas between"
          value={search.consumer ?? ''}
          onChange={(consumer) => change({ consumer })}
        />
      </search>
      {error !== undefined && <Problem error={error} />}
      <Panel
        title="Outcomes"
        aside={
          <p className={css.rate}>
            <strong>{rate >= 10 ? Math.round(rate).toLocaleString() : rate.toFixed(1)}</strong> a second
            <span className={css.waiting}>
              {isPaused && ` · paused, ${waiting.toLocaleString()} new`}
              {!isPaused && isInList && ` · held while you are in the list, ${waiting.toLocaleString()} new`}
            </span>
          </p>
        }
      >
        {outcomes.length === 0 && <Quiet project={project} />}
        {outcomes.length > 0 && (
          <OutcomeTable
            project={project}
            outcomes={outcomes}
            urls={urls}
            onInList={setInList}
            onConsumer={(consumer) => change({ consumer })}
            onEndpoint={(endpoint) => change({ endpoint })}
          />
        )}
      </Panel>
    </Page>
  );
}

type IdsFieldProps = { label: string; placeholder: string; value: string; onChange: (value: string) => void };

/** Takes effect when it is left, or with Enter: each key would open another stream. */
function IdsField({ label, placeholder, value, onChange }: IdsFieldProps) {
  const [text, setText] = useState(value);
  const [last, setLast] = useState(value);
  if (value !== last) {
    setLast(value);
    setText(value);
  }
  return (
    <input
      className={`${filters.field} ${css.ids}`}
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={text}
      onChange={(change) => setText(change.target.value)}
      onBlur={() => text !== value && onChange(text)}
      onKeyDown={(event) => event.key === 'Enter' && onChange(text)}
    />
  );
}

/** Nothing has come since the page was opened. */
function Quiet({ project }: { project: string }) {
  const { data: last } = useQuery({
    queryKey: [project, 'last-delivery'],
    queryFn: async () => (await clientOf(project).deliveries.list({ limit: 1 })).items[0] ?? null,
    staleTime: 30_000,
  });
  const at = last?.settledAt ?? last?.createdAt;
  return (
    <Empty icon="radio" title="Quiet">
      <p>
        {at ? (
          <>
            The last delivery: <Moment at={at} />. Outcomes appear here as they come.
          </>
        ) : (
          <>
            Outcomes appear here as they come. Send a test to{' '}
            <Link to="/p/$project/endpoints" params={{ project }} search={{}}>
              an endpoint
            </Link>{' '}
            to see one.
          </>
        )}
      </p>
    </Empty>
  );
}
