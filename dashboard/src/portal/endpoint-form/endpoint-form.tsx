import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type {
  EndpointOAuthSummary,
  EndpointTlsSummary,
  Signing,
} from '../../../../sdk/typescript/src/models.ts';
import { catalogueQuery } from '../../api/catalogue-queries.ts';
import { errorAt, memberErrorAt, Problem } from '../../api/problem.tsx';
import { TypePicker } from '../../catalogue/type-picker.tsx';
import { isUsableOAuth, type OAuthDraft } from '../../endpoint/oauth/oauth-draft.ts';
import { secretCommand, secretForm, secretProblem } from '../../endpoint/secret/secret-rules.ts';
import { needsHttps } from '../../endpoint/tls/needs-https.ts';
import { isUsableTls, type TlsDraft } from '../../endpoint/tls/tls-draft.ts';
import { Check, Field } from '../../kit/fields/field.tsx';
import { SecretField, TextField } from '../../kit/fields/text-field.tsx';
import { project } from '../address.ts';
import css from './endpoint-form.module.css';
import { OAuthSection } from './oauth-section.tsx';
import { TlsSection } from './tls-section.tsx';

export type EndpointInput = {
  url: string;
  description: string;
  events: string[];
  /** One header a line. */
  headers: string;
  /** Removes those that it has. */
  dropsHeaders?: boolean;
  secret: string;
  tls: TlsDraft;
  oauth: OAuthDraft;
};

type EndpointFormProps = {
  initial: EndpointInput;
  /** The names of the headers that it has now. */
  presentHeaders?: string[];
  presentTls?: EndpointTlsSummary | null;
  presentOAuth?: EndpointOAuthSummary | null;
  /** The rules for a secret of the customer's own; undefined: it is not asked for. */
  secretRules?: Signing['secret'] | undefined;
  error: unknown;
  onSubmit: (input: EndpointInput) => void;
  /** The buttons. */
  children: ReactNode;
};

/** What a customer decides about an endpoint. */
export function EndpointForm(props: EndpointFormProps) {
  const { initial, presentHeaders = [], presentTls = null, presentOAuth = null, secretRules } = props;
  const { error, onSubmit, children } = props;
  const [input, setInput] = useState(initial);
  /** What the page itself finds wrong. */
  const [wrong, setWrong] = useState<{ events?: string | undefined; secret?: string | undefined }>({});
  const [isChecked, setChecked] = useState(false);
  const { data: types } = useQuery(catalogueQuery(project));
  const form = useRef<HTMLFormElement>(null);
  // The field may be out of sight of the button.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer, and for each try that is not sent
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error, wrong]);
  const set = (changes: Partial<EndpointInput>): void => setInput({ ...input, ...changes });
  return (
    <form
      ref={form}
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        const events = input.events.map((type) => type.trim()).filter((type) => type !== '');
        const found = {
          events: events.length === 0 ? 'Choose at least one.' : undefined,
          secret: secretRules && input.secret !== '' ? secretProblem(input.secret, secretRules) : undefined,
        };
        setWrong(found);
        setChecked(true);
        const isUsable = isUsableTls(input.tls) && isUsableOAuth(input.oauth);
        if (found.events === undefined && found.secret === undefined && isUsable)
          onSubmit({ ...input, events });
      }}
    >
      {error != null && !isOfField(error) && <Problem error={error} />}
      <TextField
        label="URL"
        hint="Of your server. It must be reachable from the internet."
        error={errorAt(error, '/url') ?? needsHttps(error)}
        type="url"
        required
        placeholder="https://example.com/webhooks"
        value={input.url}
        onChange={(url) => set({ url })}
      />
      {types?.length === 0 ? (
        <TextField
          label="Events"
          hint="Names with commas between, prefix.* for all with one prefix, or * for all."
          error={wrong.events ?? errorAt(error, '/events')}
          value={input.events.join(', ')}
          onChange={(text) => set({ events: text === '' ? [] : text.split(/,\s*/) })}
        />
      ) : (
        <TypePicker
          label="Events"
          types={types ?? []}
          value={input.events}
          onChange={(events) => set({ events })}
          error={wrong.events ?? errorAt(error, '/events')}
        />
      )}
      <TextField
        label="Description"
        hint="For yourself."
        error={errorAt(error, '/description')}
        value={input.description}
        onChange={(description) => set({ description })}
      />
      {secretRules && (
        <SecretField
          label="Secret"
          hint={secretHint(secretRules)}
          error={wrong.secret ?? errorAt(error, '/secret')}
          required={secretRules.source === 'provided'}
          value={input.secret}
          onChange={(secret) => set({ secret })}
        />
      )}
      <details className={css.details} open={presentHeaders.length > 0 || undefined}>
        <summary>Own headers</summary>
        <Field
          label="Headers of each request"
          hint={
            presentHeaders.length === 0
              ? 'One a line, such as X-Team: billing. At most 20.'
              : `Now: ${presentHeaders.join(', ')}. What you write here replaces all of them.`
          }
          error={memberErrorAt(error, '/headers')}
        >
          {(control) => (
            <textarea
              {...control}
              rows={3}
              disabled={input.dropsHeaders}
              value={input.headers}
              onChange={(change) => set({ headers: change.target.value })}
            />
          )}
        </Field>
        {presentHeaders.length > 0 && (
          <Check
            label="Send none of them any more"
            checked={input.dropsHeaders === true}
            onChange={(dropsHeaders) => set({ dropsHeaders })}
          />
        )}
      </details>
      <OAuthSection
        present={presentOAuth}
        draft={input.oauth}
        onChange={(oauth) => set({ oauth })}
        error={error}
        isChecked={isChecked}
      />
      <TlsSection
        present={presentTls}
        draft={input.tls}
        onChange={(tls) => set({ tls })}
        error={error}
        isChecked={isChecked}
      />
      {children}
    </form>
  );
}

const FIELDS = ['/url', '/events', '/description', '/secret', '/headers', '/tls', '/oauth'];

/** Whether a field of the form says what is wrong. */
const isOfField = (error: unknown): boolean =>
  FIELDS.some((pointer) => errorAt(error, pointer) !== undefined);

function secretHint(rules: Signing['secret']): ReactNode {
  const command = secretCommand(rules);
  return (
    <>
      {rules.source === 'provided'
        ? `Your own: requests are signed with it. It has ${secretForm(rules)}`
        : `Leave it empty to have one made for you. Your own has ${secretForm(rules)}`}
      {command === undefined ? (
        '.'
      ) : (
        <>
          , as this command makes it:
          <code className={css.command}>{command}</code>
        </>
      )}
    </>
  );
}
