import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { Moment } from '../../kit/time/moment.tsx';

/** When the secrets that sign were made, and until when the replaced ones do. Never the secrets. */
export function SecretTimes({ secrets: [newest, ...replaced] }: { secrets: Endpoint['secrets'] }) {
  if (!newest) return null;
  return (
    <ul>
      <li>
        {newest.createdAt ? (
          <>
            The secret that signs was made <Moment at={newest.createdAt} />.
          </>
        ) : (
          'When the secret that signs was made is not recorded.'
        )}
      </li>
      {replaced.map(({ createdAt, endsAt }) => (
        <li key={`${createdAt} ${endsAt}`}>
          An older one
          {createdAt && (
            <>
              , made <Moment at={createdAt} />,
            </>
          )}{' '}
          still signs{' '}
          {endsAt && (
            <>
              and ends <Moment at={endsAt} />
            </>
          )}
          .
        </li>
      ))}
    </ul>
  );
}
