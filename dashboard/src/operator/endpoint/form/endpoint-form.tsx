import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, useEffect, useRef, useState } from 'react';
import type { Endpoint } from '../../../../../sdk/typescript/src/models.ts';
import { exactProfileQuery } from '../../../api/catalogue-queries.ts';
import { FormProblem, hasErrorAt } from '../../../api/problem.tsx';
import { projectQuery } from '../../../api/queries.ts';
import { isUsableOAuth, oauthText } from '../../../endpoint/oauth/oauth-draft.ts';
import { isUsableTls, tlsText } from '../../../endpoint/tls/tls-draft.ts';
import { isUsableJson } from '../../../json-view/json-problem.ts';
import { Button } from '../../../kit/buttons/button.tsx';
import { DialogActions } from '../../../kit/dialogs/dialog.tsx';
import { policyOf, policyOver } from '../../policy/policy-form.ts';
import type { EndpointDraft } from './endpoint-draft.ts';
import { EndpointFields } from './endpoint-fields.tsx';
import css from './form.module.css';
import { rowProblem } from './header-draft.ts';
import { LimitFields } from './limit-fields.tsx';
import { Section } from './section.tsx';
import { filterText, headersText, limitsText, policyText } from './section-texts.ts';

// Most endpoints have none of these.
const PolicyFields = lazy(async () => ({
  default: (await import('../../policy/policy-fields.tsx')).PolicyFields,
}));
const HeaderFields = lazy(async () => ({ default: (await import('./header-fields.tsx')).HeaderFields }));
const FilterFields = lazy(async () => ({ default: (await import('./filter-fields.tsx')).FilterFields }));

const TlsFields = lazy(async () => ({
  default: (await import('../../../endpoint/tls/tls-fields.tsx')).TlsFields,
}));

const OAuthFields = lazy(async () => ({
  default: (await import('../../../endpoint/oauth/oauth-fields.tsx')).OAuthFields,
}));

const FIELDS = ['/url', '/events', '/description', '/consumer', '/secret'];
const LIMITS = ['/rate', '/concurrency', '/ordered'];
const SECTIONS = ['/policy', '/headers', '/filter', '/tls', '/oauth'];

type EndpointFormProps = {
  project: string;
  /** Undefined: it is made. */
  endpoint?: Endpoint;
  draft: EndpointDraft;
  onChange: (draft: EndpointDraft) => void;
  /** Of the call that has sent it. */
  error: unknown;
  busy: boolean;
  submit: string;
  onSubmit: () => void;
  onCancel: () => void;
  /** Fields that only a new one has. */
  children?: ReactNode;
};

/** What an endpoint is made of. What few need is folded up, with what it is now. */
export function EndpointForm(props: EndpointFormProps) {
  const { project, endpoint, draft, onChange, error, busy, submit, onSubmit, onCancel, children } = props;
  const below = usePolicyBelow(project);
  const [isChecked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const isWrong =
    !isUsableJson(draft.filter, true) ||
    !isUsableHeaders(draft) ||
    !isUsableTls(draft.tls) ||
    !isUsableOAuth(draft.oauth);
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer, and for each try that is not sent
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error, tries]);
  const set = (changes: Partial<EndpointDraft>): void => onChange({ ...draft, ...changes });
  const isOpen = (pointers: string[]): boolean => pointers.some((pointer) => hasErrorAt(error, pointer));
  return (
    <form
      ref={form}
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (isWrong) setTries(tries + 1);
        else onSubmit();
      }}
    >
      <FormProblem error={error} fields={[...FIELDS, ...LIMITS, ...SECTIONS]} />
      <EndpointFields
        project={project}
        draft={draft}
        onChange={set}
        error={error}
        exists={endpoint !== undefined}
      />
      {children}
      <div className={css.sections}>
        <Section title="Retry policy" now={policyText(draft.policy, below)} isOpen={isOpen(['/policy'])}>
          {below && (
            <PolicyFields
              form={draft.policy}
              onChange={(policy) => set({ policy })}
              error={error}
              below={{ policy: below, name: 'project' }}
            />
          )}
        </Section>
        <Section
          title="Headers"
          now={headersText(draft.headers, endpoint)}
          isOpen={isOpen(['/headers']) || (isChecked && !isUsableHeaders(draft))}
        >
          <HeaderFields
            present={Object.keys(endpoint?.headers ?? {})}
            rows={draft.headers}
            onChange={(headers) => set({ headers })}
            error={error}
            isChecked={isChecked}
          />
        </Section>
        <Section
          title="Filter"
          now={filterText(draft.filter)}
          isOpen={isOpen(['/filter']) || (isChecked && !isUsableJson(draft.filter, true))}
        >
          <FilterFields
            project={project}
            endpoint={endpoint}
            value={draft.filter}
            onChange={(filter) => set({ filter })}
            error={error}
          />
        </Section>
        <Section title="Limits and order" now={limitsText(draft.limits)} isOpen={isOpen(LIMITS)}>
          <LimitFields draft={draft.limits} onChange={(limits) => set({ limits })} error={error} />
        </Section>
        {endpoint?.kind !== 'listener' && (
          <Section
            title="OAuth 2"
            now={oauthText(draft.oauth, endpoint?.oauth ?? null)}
            isOpen={isOpen(['/oauth']) || (isChecked && !isUsableOAuth(draft.oauth))}
          >
            <OAuthFields
              present={endpoint?.oauth ?? null}
              draft={draft.oauth}
              onChange={(oauth) => set({ oauth })}
              error={error}
              isChecked={isChecked}
            />
          </Section>
        )}
        {endpoint?.kind !== 'listener' && (
          <Section
            title="TLS"
            now={tlsText(draft.tls, endpoint?.tls ?? null)}
            isOpen={
              isOpen(['/tls/clientCertificate', '/tls/authorities']) || (isChecked && !isUsableTls(draft.tls))
            }
          >
            <TlsFields
              present={endpoint?.tls ?? null}
              draft={draft.tls}
              onChange={(tls) => set({ tls })}
              error={error}
              isChecked={isChecked}
            />
          </Section>
        )}
      </div>
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy}>
          {submit}
        </Button>
      </DialogActions>
    </form>
  );
}

const isUsableHeaders = ({ headers = [] }: EndpointDraft): boolean =>
  headers.every((_, index) => rowProblem(headers, index) === undefined);

/** The policy of endpoints that set none; undefined until it is known. */
function usePolicyBelow(project: string) {
  const { data: settings } = useQuery(projectQuery(project));
  const { data: exact } = useQuery(exactProfileQuery(project, settings?.profile ?? '', undefined));
  return settings && exact && policyOver(settings.policy, policyOf(exact.stored.profile));
}
