import type { EndpointOAuthSummary } from '../../../../sdk/typescript/src/models.ts';
import { counted } from '../../kit/text/counted.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import css from './oauth.module.css';

/** Which tokens are requested where, as whom. The secret is not known. */
export function OAuthSummary({ oauth }: { oauth: EndpointOAuthSummary }) {
  const { tokenUrl, clientId, scopes, audience, clientAuthentication } = oauth;
  return (
    <div className={css.summary}>
      <p className={css.client}>{clientId}</p>
      <p>
        gets tokens from <UrlText url={tokenUrl} />
      </p>
      {scopes.length > 0 && (
        <p>
          {counted(scopes.length, 'scope')}: {scopes.join(' ')}
        </p>
      )}
      {audience !== null && <p>audience: {audience}</p>}
      <p className={css.note}>
        secret not shown, sent in {clientAuthentication === 'basic' ? 'the header Authorization' : 'the body'}
      </p>
    </div>
  );
}

/** The same in a list of settings. */
export const OAuthValues = ({ oauth }: { oauth: EndpointOAuthSummary }) => (
  <>
    <dt>OAuth client</dt>
    <dd>
      <OAuthSummary oauth={oauth} />
    </dd>
  </>
);
