import { type ComponentProps, lazy } from 'react';
import { hasErrorAt } from '../../api/problem.tsx';
import { isUsableOAuth } from '../../endpoint/oauth/oauth-draft.ts';
import type { OAuthFields as Fields } from '../../endpoint/oauth/oauth-fields.tsx';
import { Folded } from '../../kit/layout/folded.tsx';
import css from './endpoint-form.module.css';

// Few servers ask for a token.
const OAuthFields = lazy(async () => ({
  default: (await import('../../endpoint/oauth/oauth-fields.tsx')).OAuthFields,
}));

export function OAuthSection(props: ComponentProps<typeof Fields>) {
  const { present, draft, error, isChecked } = props;
  return (
    <Folded
      className={css.details}
      summary="Access tokens (OAuth 2)"
      isOpenAtFirst={present !== null}
      isWrong={hasErrorAt(error, '/oauth') || (isChecked && !isUsableOAuth(draft))}
    >
      <OAuthFields {...props} />
    </Folded>
  );
}
