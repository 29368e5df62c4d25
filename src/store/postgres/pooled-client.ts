import pg from 'pg';
import { PINNED_SETTINGS } from './connection-settings.ts';

type Query = { name?: string; submit?: unknown };

/** PgBouncer keeps these for each connection of ours whatever session it hands out, and takes no others at the start. */
const TRACKED_BY_POOLERS = ['DateStyle', 'TimeZone', 'standard_conforming_strings'];

/** What pg sends when it connects; not in its types. */
type WithStartupConf = { getStartupConf(): Record<string, string> };

/**
 * A client for a pooler in transaction mode. Each statement may be run by another session, which does not know what an
 * earlier one has prepared: names are left out, and the statement is parsed each time.
 */
export class PooledClient extends pg.Client {
  getStartupConf(): Record<string, string> {
    const own = (pg.Client.prototype as unknown as WithStartupConf).getStartupConf.call(this);
    return {
      ...own,
      ...Object.fromEntries(TRACKED_BY_POOLERS.map((name) => [name, PINNED_SETTINGS[name]!])),
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg gives `query` eight overloads, and this one forwards them all
  override query(...args: any[]): any {
    const [first, ...rest] = args as [string | Query, ...unknown[]];
    return (super.query as (...all: unknown[]) => unknown)(withoutName(first), ...rest);
  }
}

function withoutName(query: string | Query): string | Query {
  if (typeof query !== 'object' || query.name === undefined || query.submit) return query;
  const { name: _, ...unnamed } = query;
  return unnamed;
}
