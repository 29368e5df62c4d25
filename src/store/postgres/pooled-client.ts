import pg from 'pg';
import { PINNED_SETTINGS } from './connection-settings.ts';

type Query = { name?: string; submit?: unknown };

/** PgBouncer keeps these settings for each client connection, whatever session it uses, and accepts no others at the start. */
const TRACKED_BY_POOLERS = ['DateStyle', 'TimeZone', 'standard_conforming_strings'];

/** Returns what pg sends when it connects. Missing in pg's types. */
type WithStartupConf = { getStartupConf(): Record<string, string> };

/**
 * A client for a pooler in transaction mode. Each statement may run in a different session, which lacks the prepared
 * statements of earlier ones. So statements are sent without a name and parsed each time.
 */
export class PooledClient extends pg.Client {
  getStartupConf(): Record<string, string> {
    const conf = (pg.Client.prototype as unknown as WithStartupConf).getStartupConf.call(this);
    return {
      ...conf,
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
