import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { PosthornError, Problem } from '../../api/problem.tsx';
import { type Session, sessionQuery, signIn, useSessionQuery } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Check, Field } from '../../kit/fields/field.tsx';
import mark from '../../theme/posthorn.svg';
import css from './sign-in.module.css';

/** A secret in the address of a link, which is taken out of it before anything else happens. */
function takeCode(): string | undefined {
  const code = /^#code=(.+)$/.exec(location.hash)?.[1];
  if (code === undefined) return undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  return decodeURIComponent(code);
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const isExposed = location.protocol === 'http:' && !LOOPBACK.test(location.hostname);

export function SignIn() {
  const [code] = useState(takeCode);
  const { data: session } = useSessionQuery();
  const enter = useEnter();
  const [error, setError] = useState<unknown>();
  const started = useRef(false);

  const redeem = async (): Promise<void> => {
    try {
      await enter(await signIn({ code: code! }, false));
    } catch (failure) {
      setError(failure);
    }
  };
  // A link does not replace a session without asking: someone else may have made it.
  const asks = code !== undefined && session !== undefined && session !== null && error === undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a code is used once
  useEffect(() => {
    if (code === undefined || session !== null || started.current) return;
    started.current = true;
    void redeem();
  }, [session]);

  useEffect(() => {
    document.title = 'Sign in · Posthorn';
  }, []);
  return (
    <main className={css.page}>
      <img src={mark} alt="" width={40} height={40} />
      <h1>Sign in to Posthorn</h1>
      {isExposed && (
        <p className={css.warning} role="alert">
          This page came over plain HTTP: others on the way can read the key. Use HTTPS.
        </p>
      )}
      {isUsedLink(code, error) ? (
        <p className={css.warning} role="alert">
          This link has been used, or has expired. <code>posthorn dashboard</code> makes a new one; or sign in
          with a key.
        </p>
      ) : (
        error !== undefined && <Problem error={error} />
      )}
      {asks ? (
        <div className={css.form}>
          <p>You are signed in already. The link would replace your session.</p>
          <Button kind="primary" onClick={() => void redeem()}>
            Sign in with the link
          </Button>
          <Button onClick={() => void enter(session)}>Stay as I am</Button>
        </div>
      ) : (
        <KeyForm onError={setError} onSession={enter} />
      )}
    </main>
  );
}

/** A key that is refused after it has an error of its own. */
const isUsedLink = (code: string | undefined, error: unknown): boolean =>
  code !== undefined &&
  error instanceof PosthornError &&
  error.status === 401 &&
  /\bcode\b/.test(error.message);

/** Leads to where the reader wanted to go. Only paths of the dashboard: a link could name any. */
function useEnter(): (session: Session) => Promise<void> {
  const { to } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return async (session) => {
    queryClient.clear();
    queryClient.setQueryData(sessionQuery.queryKey, session);
    const target = to?.startsWith('/') && !to.startsWith('//') ? to : '/';
    await navigate({ to: target as '/', replace: true });
  };
}

type KeyFormProps = { onError: (error: unknown) => void; onSession: (session: Session) => Promise<void> };

function KeyForm({ onError, onSession }: KeyFormProps) {
  const [key, setKey] = useState('');
  const [readOnly, setReadOnly] = useState(false);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    onError(undefined);
    try {
      await onSession(await signIn({ key: key.trim() }, readOnly));
    } catch (failure) {
      onError(failure);
      setBusy(false);
    }
  };
  return (
    <form className={css.form} onSubmit={(event) => void submit(event)}>
      <input type="text" name="username" autoComplete="username" value="posthorn" readOnly hidden />
      <Field
        label="Key"
        hint={
          <>
            The admin key (<code>POSTHORN_ADMIN_KEY</code>) or the key of a project. <code>npm start</code>{' '}
            keeps one in <code>.posthorn/api-key</code>.
          </>
        }
      >
        {(control) => (
          <input
            {...control}
            type="password"
            autoComplete="current-password"
            required
            // biome-ignore lint/a11y/noAutofocus: the page has this one purpose
            autoFocus
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Field>
      <Check label="Read only: look, and change nothing" checked={readOnly} onChange={setReadOnly} />
      <Button kind="primary" type="submit" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}
