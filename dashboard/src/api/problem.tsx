import { PosthornError } from '../../../sdk/typescript/src/posthorn-error.ts';
import { product } from '../kit/text/product.ts';
import { apiUrl } from './client.ts';
import css from './problem.module.css';

export { PosthornError };

let linksToErrors = true;

/** For pages whose readers may not reach the documentation of the API. */
export function hideErrorLinks(): void {
  linksToErrors = false;
}

type ProblemProps = {
  error: unknown;
  /** What came before is still shown: that the API does not answer, the frame says. */
  hasOld?: boolean;
};

/** What went wrong, in the words of the API, and the id under which it is logged. */
export function Problem({ error, hasOld = false }: ProblemProps) {
  if (!(error instanceof PosthornError)) {
    if (hasOld) return null;
    return (
      <div className={css.problem} role="alert">
        <p className={css.title}>{product()} does not answer</p>
        <p>The request got no response.</p>
      </div>
    );
  }
  const { title, requestId, code } = error;
  return (
    <div className={css.problem} role="alert">
      <p className={css.title}>{title || `The response is not from ${product()}`}</p>
      <p>{messageOf(error)}</p>
      <p className={css.id}>
        {code === 'unexpected_response' || !linksToErrors ? (
          <code>{code}</code>
        ) : (
          <a href={`${apiUrl}/docs#error-${code}`} target="_blank" rel="noreferrer">
            <code>{code}</code>
          </a>
        )}
        {requestId && (
          <>
            {' · request '}
            <code>{requestId}</code>
          </>
        )}
      </p>
    </div>
  );
}

/** The message that the API has for a member of the body, such as `/url`. */
export const errorAt = (error: unknown, pointer: string): string | undefined =>
  errorsOf(error).find((entry) => isWithin(entry.pointer, pointer))?.detail;

/** The same with the name of the member, where it is one of several within `pointer`. */
export function memberErrorAt(error: unknown, pointer: string): string | undefined {
  const found = errorsOf(error).find((entry) => isWithin(entry.pointer, pointer));
  const member = found?.pointer
    .slice(pointer.length + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  return member ? `${member} ${found!.detail}` : found?.detail;
}

export const hasErrorAt = (error: unknown, pointer: string): boolean => errorAt(error, pointer) !== undefined;

/** Whether the API has a message for a member itself, not for one within it. */
export const hasErrorOf = (error: unknown, pointer: string): boolean =>
  errorsOf(error).some((entry) => entry.pointer === pointer);

const errorsOf = (error: unknown) => (error instanceof PosthornError ? error.errors : []);
const isWithin = (place: string, pointer: string): boolean =>
  place === pointer || place.startsWith(`${pointer}/`);

/** The problem of a form. If its fields say everything, it only leads to them. `fields`: their pointers. */
export function FormProblem({ error, fields }: { error: unknown; fields: string[] }) {
  if (error === null || error === undefined) return null;
  const errors = errorsOf(error);
  const isSaid = (place: string): boolean => fields.some((pointer) => isWithin(place, pointer));
  if (errors.length === 0 || !errors.every(({ pointer }) => isSaid(pointer)))
    return <Problem error={error} />;
  return (
    <p className={css.marked} role="alert">
      Not accepted: what is wrong stands at the marked {errors.length === 1 ? 'field' : 'fields'}.
    </p>
  );
}

/** In one line, for a message that passes. */
export function messageOf(error: unknown): string {
  if (!(error instanceof PosthornError)) return `${product()} does not answer.`;
  // The SDK does not know what the page calls the service.
  if (error.code === 'unexpected_response')
    return `The response with status ${error.status} is not from ${product()}.`;
  return error.message;
}
