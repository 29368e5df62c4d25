import type { ErrorComponentProps } from '@tanstack/react-router';
import { Problem } from '../api/problem.tsx';
import { Button } from '../kit/buttons/button.tsx';
import { Page } from '../kit/layout/page.tsx';

/** After a deployment, a page that is still open asks for scripts that are gone: it loads itself anew, once. */
const RELOADED = 'posthorn.reloaded';
const isMissingScript = (error: unknown): boolean =>
  error instanceof Error && /dynamically imported module|module script/i.test(error.message);

export function ScreenError({ error }: ErrorComponentProps) {
  if (isMissingScript(error) && Date.now() - Number(sessionStorage.getItem(RELOADED)) > 60_000) {
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  }
  return (
    <Page title="This screen could not be shown">
      <Problem error={error} />
      <p>
        <code>{error instanceof Error ? error.message : String(error)}</code>
      </p>
      <Button icon="refresh-cw" onClick={() => location.reload()}>
        Load it again
      </Button>
    </Page>
  );
}
