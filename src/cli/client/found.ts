import type { PosthornClient } from '../../../sdk/typescript/src/client.ts';
import { PosthornError } from '../../../sdk/typescript/src/posthorn-error.ts';

/** Makes a call about `what`, such as `event evt_1`. If the project does not have it, the failure says so by that name. */
export async function found<T>(client: PosthornClient, what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isNotFound(error) || (await isProjectUnknown(client))) throw error;
    const { code, title, requestId } = error;
    throw new PosthornError(404, {
      code: code as 'not_found',
      title,
      detail: `There is no ${what} in this project.`,
      ...(requestId !== undefined && { instance: requestId }),
    });
  }
}

const isNotFound = (error: unknown): error is PosthornError =>
  error instanceof PosthornError && error.code === 'not_found';

const isProjectUnknown = (client: PosthornClient): Promise<boolean> =>
  client.eventTypes.list({ limit: 1 }).then(() => false, isNotFound);
