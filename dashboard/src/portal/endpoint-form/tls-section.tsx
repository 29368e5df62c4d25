import { type ComponentProps, lazy, Suspense, useState } from 'react';
import { hasErrorAt, hasErrorOf } from '../../api/problem.tsx';
import { isUsableTls } from '../../endpoint/tls/tls-draft.ts';
import type { TlsFields as Fields } from '../../endpoint/tls/tls-fields.tsx';
import { SkeletonRows } from '../../kit/layout/page.tsx';
import css from './endpoint-form.module.css';

// Few servers ask for a certificate.
const TlsFields = lazy(async () => ({
  default: (await import('../../endpoint/tls/tls-fields.tsx')).TlsFields,
}));

/** Folded up, unless the endpoint has something of it, or something in it is wrong. */
export function TlsSection(props: ComponentProps<typeof Fields>) {
  const { present, draft, error, isChecked } = props;
  const [isUnfolded, setUnfolded] = useState(present !== null);
  const isWrong =
    (hasErrorAt(error, '/tls') && !hasErrorOf(error, '/tls')) || (isChecked && !isUsableTls(draft));
  const open = isUnfolded || isWrong;
  return (
    <details className={css.details} open={open} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>Client certificate and authorities</summary>
      {open && (
        <div className={css.content}>
          <Suspense fallback={<SkeletonRows rows={3} />}>
            <TlsFields {...props} />
          </Suspense>
        </div>
      )}
    </details>
  );
}
