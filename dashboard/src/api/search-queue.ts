import pLimit, { type LimitFunction } from 'p-limit';

/** The API runs so many searches of a project at once, and refuses others with 429. */
const AT_ONCE = 2;

const queues = new Map<string, LimitFunction>();

/** The parameters that make a list a search. */
const OF_SEARCHES: Record<string, RegExp> = {
  '/v1/events': /^(contains|attribute\..+)$/,
  '/v1/deliveries': /^(type|outcome|statusCode|contains|attribute\..+)$/,
  '/v1/endpoints': /^q$/,
  '/v1/consumers': /^q$/,
};

/** Whether the API counts a call as a search. That of `POST /v1/recoveries` is its dry run. */
export function isSearch(method: string, path: string, parameters: URLSearchParams): boolean {
  if (method === 'POST') return path === '/v1/recoveries';
  if (path === '/v1/failures') return true;
  const pattern = OF_SEARCHES[path];
  return pattern !== undefined && [...parameters.keys()].some((name) => pattern.test(name));
}

/** Runs a search of a project when fewer than two others of this page are running. */
export function inTurn<T>(project: string, search: () => Promise<T>): Promise<T> {
  const queue = queues.get(project) ?? pLimit(AT_ONCE);
  queues.set(project, queue);
  return queue(search);
}
