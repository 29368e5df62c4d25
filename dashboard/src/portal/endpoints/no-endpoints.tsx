import { useNavigate } from '@tanstack/react-router';
import { Button } from '../../kit/buttons/button.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import css from './endpoints.module.css';

/** What a webhook is, for whoever adds the first one. */
export function NoEndpoints({ mayAdd }: { mayAdd: boolean }) {
  const navigate = useNavigate();
  return (
    <div className={css.first}>
      <h2>No endpoint yet</h2>
      <ul className={css.steps}>
        <li>
          <Icon name="webhook" size={15} />
          <span>An endpoint is a URL of your server. When something happens, we send it a POST request.</span>
        </li>
        <li>
          <Icon name="check" size={15} />
          <span>
            Your server answers 2xx at once. If it does not, we send the event again, at growing intervals.
          </span>
        </li>
        <li>
          <Icon name="key-round" size={15} />
          <span>
            Each request is signed. Your server checks the signature, so nobody else can send to it.
          </span>
        </li>
      </ul>
      {mayAdd ? (
        <Button kind="primary" icon="plus" onClick={() => void navigate({ to: '/endpoints/new' })}>
          Add an endpoint
        </Button>
      ) : (
        <p>This session may look, but not add one.</p>
      )}
      <p className={css.hint}>
        No server at hand? A tunnel gives your own machine a public https address for a while.
      </p>
    </div>
  );
}
