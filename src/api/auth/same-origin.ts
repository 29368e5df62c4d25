import type { IncomingMessage } from 'node:http';
import { Problem } from '../problems/problem.ts';

/**
 * Throws csrf_refused for a call that a page of another origin may have caused. Such a page cannot add a header of its own
 * without CORS, which no response allows, and the browser says where the call comes from.
 */
export function requireSameOrigin({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (headers['posthorn-dashboard'] !== '1' || (site !== undefined && site !== 'same-origin'))
    throw new Problem('csrf_refused');
}
