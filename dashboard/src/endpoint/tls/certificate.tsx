import type { CertificateSummary } from '../../../../sdk/typescript/src/models.ts';
import { State } from '../../kit/status/state.tsx';
import { useClock, useNow } from '../../kit/time/clock.ts';
import { absolute, relative } from '../../kit/time/time.ts';
import { expiryOf } from './expiry.ts';
import css from './tls.module.css';

/** Whose certificate it is, who issued it, and how long it is valid. */
export function Certificate({ certificate }: { certificate: CertificateSummary }) {
  const { subject, issuer, serialNumber, fingerprint256 } = certificate;
  return (
    <div className={css.certificate}>
      <p className={css.subject}>{subject || `serial number ${serialNumber}`}</p>
      <p>
        <Validity certificate={certificate} />
      </p>
      <p>{subject !== '' && subject === issuer ? 'issued by itself' : `issued by ${issuer || 'nobody'}`}</p>
      <p className={css.fingerprint}>
        SHA-256 <code>{fingerprint256}</code>
      </p>
    </div>
  );
}

function Validity({ certificate }: { certificate: CertificateSummary }) {
  const now = useNow(60_000);
  const end = Date.parse(certificate.validTo);
  switch (expiryOf(certificate, now)) {
    case 'expired':
      return (
        <>
          <State tone="bad" icon="octagon-x">{`expired ${relative(end, now)}`}</State> on{' '}
          <Day at={certificate.validTo} />
        </>
      );
    case 'soon':
      return (
        <>
          <State tone="warn" icon="triangle-alert">{`expires ${relative(end, now)}`}</State> on{' '}
          <Day at={certificate.validTo} />
        </>
      );
    case 'early':
      return (
        <>
          <State tone="warn" icon="clock">
            not valid yet
          </State>{' '}
          valid from <Day at={certificate.validFrom} /> until <Day at={certificate.validTo} />
        </>
      );
    case 'valid':
      return (
        <>
          valid until <Day at={certificate.validTo} />
        </>
      );
  }
}

/** The day of a time that may be years away. */
function Day({ at }: { at: string }) {
  const [clock] = useClock();
  const exact = absolute(Date.parse(at), clock === 'utc' ? 'utc' : 'local');
  return (
    <time dateTime={at} title={exact}>
      {exact.slice(0, 10)}
    </time>
  );
}
