import { useState } from 'react';
import type { Signing } from '../../../../sdk/typescript/src/models.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { SecretField } from '../../kit/fields/text-field.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import { type CheckResult, checkRequest } from './check-request.ts';
import css from './verify.module.css';

/** A request that was sent, and what is said of it. */
export type GivenRequest = { headers: string; body: string; text: string };

type CheckerProps = { signing: Signing; given?: GivenRequest | undefined };

/** What is written here stays here: it is in the memory of this screen alone. */
export function Checker({ signing, given }: CheckerProps) {
  const [headers, setHeaders] = useState(given?.headers ?? '');
  const [body, setBody] = useState(given?.body ?? '');
  const [secret, setSecret] = useState('');
  const [result, setResult] = useState<CheckResult>();
  return (
    <div className={css.panel}>
      <p>
        {given?.text ?? 'Paste a request that your server refused.'} It is checked in this browser: nothing of
        it is sent or kept.
      </p>
      <form
        className={css.panel}
        onSubmit={(event) => {
          event.preventDefault();
          setResult(checkRequest({ headers, body, secret, now: Date.now() }, signing));
        }}
      >
        <Field label="Headers" hint="One a line, as in a log.">
          {(control) => (
            <textarea
              {...control}
              required
              spellCheck={false}
              placeholder={Object.keys(signing.headers)
                .map((name) => `${name}: …`)
                .join('\n')}
              value={headers}
              onChange={(change) => setHeaders(change.target.value)}
            />
          )}
        </Field>
        <Field label="Body" hint="The raw body, exactly as it came.">
          {(control) => (
            <textarea
              {...control}
              required
              spellCheck={false}
              value={body}
              onChange={(change) => setBody(change.target.value)}
            />
          )}
        </Field>
        <SecretField label="Secret" hint="Of the endpoint." required value={secret} onChange={setSecret} />
        <div>
          <Button kind="primary" type="submit">
            Check it
          </Button>
        </div>
      </form>
      <div role="status">{result && <Result result={result} />}</div>
    </div>
  );
}

const ICONS = { good: 'circle-check', bad: 'octagon-x', unknown: 'triangle-alert' } as const;
const WORDS = { good: 'right', bad: 'wrong', unknown: 'attention' } as const;

const VERDICTS: Record<CheckResult['verdict'], string> = {
  right: 'The signature is right.',
  other_body: 'The signature is right, but for another body than this one.',
  wrong: 'The signature does not fit.',
  unchecked: 'The signature could not be checked.',
};

/** What was found, and apart from it what is only likely. */
function Result({ result: { verdict, findings, likely } }: { result: CheckResult }) {
  return (
    <section className={css.result} aria-label="Result">
      <h3>{VERDICTS[verdict]}</h3>
      <dl className={css.result}>
        {findings.map(({ part, state, text }) => (
          <div key={part} className={css.check}>
            <dt className={css[state]}>
              <Icon name={ICONS[state]} size={14} />
              {part}: {WORDS[state]}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {likely.length > 0 && (
        <>
          <h4>
            {likely.length === 1 ? 'The likely reason, not confirmed' : 'Likely reasons, not confirmed'}
          </h4>
          <ul className={css.likely}>
            {likely.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
