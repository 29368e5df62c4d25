import { LRUCache } from 'lru-cache';
import { type Origin, originOf, requestTargetOf } from './target-url.ts';

/** What a request needs of its URL. */
export type Target = {
  url: URL;
  origin: Origin;
  /** The scheme, host and port, as text. */
  originText: string;
  /** The value of the Host header. */
  host: string;
  /** Path and query. */
  requestTarget: string;
};

/** Enough for the receivers of current deliveries. A URL has at most 2,048 characters. */
const MAX_TARGETS = 2_000;

/** Returns a function that parses URLs which parseTargetUrl accepted, and remembers the latest. */
export function createTargetParser(): (url: string) => Target {
  const targets = new LRUCache<string, Target>({ max: MAX_TARGETS });
  return (text) => {
    let target = targets.get(text);
    if (!target) {
      const url = new URL(text);
      const requestTarget = requestTargetOf(url);
      target = { url, origin: originOf(url), originText: url.origin, host: url.host, requestTarget };
      targets.set(text, target);
    }
    return target;
  };
}
