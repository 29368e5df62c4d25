import { Problem } from './problem.ts';

/** RFC 9110 requires every 401 response to name the authentication scheme. */
export const unauthorized = (detail: string): Problem =>
  new Problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer realm="posthorn"' } });
