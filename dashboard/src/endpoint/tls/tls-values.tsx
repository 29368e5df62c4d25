import type { EndpointTlsSummary } from '../../../../sdk/typescript/src/models.ts';
import { useNow } from '../../kit/time/clock.ts';
import { Notes } from '../notes.tsx';
import { Certificate } from './certificate.tsx';
import { expiryNotes } from './expiry.ts';
import css from './tls.module.css';

/** What the connections to an endpoint use, in its list of settings. */
export function TlsValues({ tls }: { tls: EndpointTlsSummary | null }) {
  return (
    <>
      {tls?.clientCertificate && (
        <>
          <dt>Client certificate</dt>
          <dd>
            <Certificate certificate={tls.clientCertificate} />
          </dd>
        </>
      )}
      {tls?.authorities && (
        <>
          <dt>Trusts only</dt>
          <dd className={css.certificates}>
            {tls.authorities.map((one) => (
              <Certificate key={one.fingerprint256} certificate={one} />
            ))}
          </dd>
        </>
      )}
    </>
  );
}

/** Which of them have expired, or will soon. */
export const ExpiryNotes = ({ tls }: { tls: EndpointTlsSummary }) => (
  <Notes notes={expiryNotes(tls, useNow(60_000))} />
);
