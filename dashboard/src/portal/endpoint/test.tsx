import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { TestEndpoint } from '../../endpoint/test/test-endpoint.tsx';
import { project } from '../address.ts';
import { customerAdvice, stateWord } from '../words.ts';

/** Sends an example event, and shows what your server answers. */
export function Test({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <TestEndpoint
      project={project}
      endpoint={endpoint}
      onClose={onClose}
      onSent={() => queryClient.invalidateQueries({ queryKey: [project] })}
      advice={customerAdvice}
      stateWord={stateWord}
      link={({ id: delivery }) => (
        <Link to="/deliveries/$delivery" params={{ delivery }}>
          Look at the request and the response
        </Link>
      )}
    />
  );
}
