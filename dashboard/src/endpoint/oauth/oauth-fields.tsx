import type { EndpointOAuthSummary } from '../../../../sdk/typescript/src/models.ts';
import { errorAt, hasErrorOf } from '../../api/problem.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { SecretField, TextField } from '../../kit/fields/text-field.tsx';
import { SettablePart } from '../settable-part.tsx';
import { missingIn, needsSecret, type OAuthDraft, type OAuthTexts, textsOf } from './oauth-draft.ts';
import { OAuthSummary } from './oauth-summary.tsx';

type OAuthFieldsProps = {
  /** What the endpoint has. */
  present: EndpointOAuthSummary | null;
  draft: OAuthDraft;
  onChange: (draft: OAuthDraft) => void;
  error: unknown;
  /** Whether it was tried to save them. */
  isChecked: boolean;
};

/** The client credentials with which access tokens are requested. What is stored can be changed or removed; the secret is not read. */
export function OAuthFields({ present, draft, onChange, error, isChecked }: OAuthFieldsProps) {
  return (
    <SettablePart
      title="Client credentials"
      about="With them, a token is requested from a token server and sent with each request (OAuth 2), in the header Authorization."
      what="client credentials"
      change="Change"
      removed="They are removed when you save. Requests then have no token."
      error={hasErrorOf(error, '/oauth') ? errorAt(error, '/oauth') : undefined}
      present={present && <OAuthSummary oauth={present} />}
      isChanged={draft !== undefined}
      onChange={(act) => onChange({ keep: undefined, remove: null, set: textsOf(present) }[act])}
    >
      {draft && <Texts texts={draft} onChange={onChange} error={error} isChecked={isChecked} />}
    </SettablePart>
  );
}

type TextsProps = {
  texts: OAuthTexts;
  onChange: (texts: OAuthTexts) => void;
  error: unknown;
  isChecked: boolean;
};

function Texts({ texts, onChange, error, isChecked }: TextsProps) {
  const missing = isChecked ? missingIn(texts) : {};
  const set = (member: keyof OAuthTexts) => (value: string) => onChange({ ...texts, [member]: value });
  return (
    <>
      <TextField
        label="Token URL"
        type="url"
        placeholder="https://login.example.com/oauth2/token"
        hint="Where the token server grants tokens."
        error={missing.tokenUrl ?? errorAt(error, '/oauth/tokenUrl')}
        value={texts.tokenUrl}
        onChange={set('tokenUrl')}
      />
      <TextField
        label="Client id"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        error={missing.clientId ?? errorAt(error, '/oauth/clientId')}
        value={texts.clientId}
        onChange={set('clientId')}
      />
      <SecretField
        label="Client secret"
        hint={secretHint(texts)}
        error={missing.clientSecret ?? errorAt(error, '/oauth/clientSecret')}
        value={texts.clientSecret}
        onChange={set('clientSecret')}
      />
      <TextField
        label="Scopes"
        hint="With spaces between them. Empty: the token server decides."
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        error={errorAt(error, '/oauth/scopes')}
        value={texts.scopes}
        onChange={set('scopes')}
      />
      <TextField
        label="Audience"
        hint="Some token servers require it."
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        error={errorAt(error, '/oauth/audience')}
        value={texts.audience}
        onChange={set('audience')}
      />
      <Field
        label="Id and secret are sent"
        hint="As the token server takes them."
        error={errorAt(error, '/oauth/clientAuthentication')}
      >
        {(control) => (
          <select
            {...control}
            value={texts.clientAuthentication}
            onChange={(change) => set('clientAuthentication')(change.target.value)}
          >
            <option value="basic">in the header Authorization (Basic)</option>
            <option value="body">in the body</option>
          </select>
        )}
      </Field>
    </>
  );
}

function secretHint(texts: OAuthTexts): string {
  if (texts.stored === null) return 'It is stored encrypted, and never shown again.';
  return needsSecret(texts)
    ? 'Write it again: the stored one was meant for another token URL.'
    : 'Empty: the stored one stays.';
}
