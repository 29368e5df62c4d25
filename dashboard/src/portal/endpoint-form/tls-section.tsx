import { type ComponentProps, lazy } from 'react';
import { hasErrorAt, hasErrorOf } from '../../api/problem.tsx';
import { isUsableTls } from '../../endpoint/tls/tls-draft.ts';
import type { TlsFields as Fields } from '../../endpoint/tls/tls-fields.tsx';
import { Folded } from '../../kit/layout/folded.tsx';
import css from './endpoint-form.module.css';

// Few servers ask for a certificate.
const TlsFields = lazy(async () => ({
  default: (await import('../../endpoint/tls/tls-fields.tsx')).TlsFields,
}));

export function TlsSection(props: ComponentProps<typeof Fields>) {
  const { present, draft, error, isChecked } = props;
  const isWrong =
    (hasErrorAt(error, '/tls') && !hasErrorOf(error, '/tls')) || (isChecked && !isUsableTls(draft));
  return (
    <Folded
      className={css.details}
      summary="Client certificate and authorities"
      isOpenAtFirst={present !== null}
      isWrong={isWrong}
    >
      <TlsFields {...props} />
    </Folded>
  );
}
