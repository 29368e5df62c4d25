import { useState } from 'react';
import { useSession } from '../api/session.ts';
import { Button } from '../kit/buttons/button.tsx';
import css from './notice.module.css';

/** After a deployment, scripts that are not loaded yet may be gone. */
export function NewerVersion() {
  const { build } = useSession();
  const [first] = useState(build);
  if (build === first) return null;
  return (
    <div className={css.notice} role="status">
      <p>A newer version is ready.</p>
      <Button icon="refresh-cw" onClick={() => location.reload()}>
        Load it
      </Button>
    </div>
  );
}
