import { Problem } from './problem.ts';

/** RFC 9110 wants the scheme named with every 401. */
export const unauthorized = (detail: string): Problem =>
  new Problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer realm="posthorn"' } });
