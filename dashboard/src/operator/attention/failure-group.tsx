import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { FailureGroup } from '../../../../sdk/typescript/src/models.ts';
import { endpointQuery } from '../../api/queries.ts';
import { adviceOf, causeOf } from '../../delivery/causes.ts';
import { StateOf } from '../../kit/status/state.tsx';
import { shortUrl } from '../../kit/text/short-url.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import css from './attention.module.css';
import { GroupActs } from './group-acts.tsx';
import { Samples } from './samples.tsx';

type FailureGroupProps = { project: string; group: FailureGroup; onChange: () => void };

/** Deliveries that fail for one reason at one endpoint: they are looked at, resent and dismissed together. */
export function FailureGroupRow({ project, group, onChange }: FailureGroupProps) {
  const [isOpen, setOpen] = useState(false);
  const { data: endpoint } = useQuery({
    ...endpointQuery(project, group.endpoint ?? ''),
    enabled: group.endpoint !== null,
  });
  const cause = group.outcome === null ? 'made no attempt' : causeOf({ ...group, outcome: group.outcome });
  const advice = group.outcome === null ? undefined : adviceOf({ ...group, outcome: group.outcome });
  const name = endpoint?.url ?? group.endpoint ?? 'the own targets of events';
  return (
    <section className={css.group} data-row="" data-state={group.state} aria-label={`${name} ${cause}`}>
      <div className={css.head}>
        <div className={css.what}>
          <h2>
            {group.endpoint === null ? (
              name
            ) : (
              <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint: group.endpoint }}>
                <UrlText url={shortUrl(name)} />
              </Link>
            )}{' '}
            <span className={css.cause}>{cause}</span>
          </h2>
          <p className={css.figures}>
            <StateOf status={group.state} />
            {group.errorCode && <code>{group.errorCode}</code>}
            {endpoint?.consumer && <span>of {endpoint.consumer}</span>}
            <span>
              <strong>{group.deliveries.toLocaleString()}</strong>{' '}
              {group.deliveries === 1 ? 'delivery' : 'deliveries'} of {group.events.toLocaleString()}{' '}
              {group.events === 1 ? 'event' : 'events'}
            </span>
            <span>
              first <Moment at={group.firstAt} />
            </span>
            <span>
              last <Moment at={group.lastAt} />
            </span>
            {group.nextAttemptAt && Date.parse(group.nextAttemptAt) > Date.now() && (
              <span>
                next attempt <Moment at={group.nextAttemptAt} />
              </span>
            )}
          </p>
          {advice && <p className={css.advice}>{advice}</p>}
        </div>
        <GroupActs project={project} group={group} endpoint={endpoint} onChange={onChange} />
      </div>
      <button type="button" className={css.more} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Hide the samples' : 'Show samples'}
      </button>
      {isOpen && <Samples project={project} group={group} />}
    </section>
  );
}
