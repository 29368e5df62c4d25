import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { Signing } from '../../../../sdk/typescript/src/models.ts';
import { signingQuery } from '../../api/catalogue-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { project } from '../address.ts';
import { useDelivery } from '../delivery/use-delivery.ts';
import { Checker } from './checker.tsx';
import { SnippetPanel } from './snippet-panel.tsx';

/** How to check a signature, and why one does not fit. */
export function Verify() {
  const { delivery, attempt } = useSearch({ from: '/verify' });
  const { data: signing, error } = useQuery(signingQuery(project));
  const code = <SnippetPanel title="Code of a receiver" />;
  return (
    <Page title="Verify signatures">
      {error && <Problem error={error} />}
      {delivery === undefined && code}
      <Panel title="Check a request">
        {!signing && <SkeletonRows rows={6} />}
        {signing && delivery === undefined && <Checker signing={signing} />}
        {signing && delivery !== undefined && (
          <SentRequest key={delivery} signing={signing} delivery={delivery} attempt={attempt} />
        )}
      </Panel>
      {delivery !== undefined && code}
    </Page>
  );
}

type SentRequestProps = { signing: Signing; delivery: string; attempt: string | undefined };

/** The request of an attempt, without the secret, which only its owner has. */
function SentRequest({ signing, delivery, attempt }: SentRequestProps) {
  const { lane, event, error } = useDelivery(delivery);
  if (error) return <Checker signing={signing} />;
  if (!lane || !event) return <SkeletonRows rows={6} />;
  const sent = lane.attempts.find(({ number }) => String(number) === attempt) ?? lane.attempts.at(-1);
  const headers = Object.entries(sent?.request?.headers ?? {});
  if (!sent || headers.length === 0 || event.body === null) return <Checker signing={signing} />;
  return (
    <Checker
      signing={signing}
      given={{
        headers: headers.map(([name, value]) => `${name}: ${String(value)}`).join('\n'),
        body: event.body,
        text: `This is attempt ${sent.number} of ${event.type}, as it was sent. Add the secret that your server uses.`,
      }}
    />
  );
}
