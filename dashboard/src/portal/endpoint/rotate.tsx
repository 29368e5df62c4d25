import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { RotateSecret } from '../../endpoint/secret/rotate-secret.tsx';
import { project } from '../address.ts';
import { rotationSnippet } from '../verify/snippets.ts';

/** A new secret, with the code that accepts it and the one before. */
export const Rotate = ({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) => (
  <RotateSecret project={project} endpoint={endpoint} codeOf={rotationSnippet} onClose={onClose} />
);
