import { LRUCache } from 'lru-cache';
import type { Audience } from './audience.ts';
import { type EndpointMatch, MAX_DETAILED_MATCHES } from './match-endpoints.ts';

/** What audiences match, as far as it is remembered. `fingerprint` is equal only if all of it is still the same. */
export type Prediction = { matched: EndpointMatch[][]; fingerprint: string };

type Remembered = { matched: EndpointMatch[]; states: string[]; bytes: number };

/** All that is remembered, in bytes. Sealed secrets, headers and credentials make up most of it. */
const MAX_BYTES = 16 * 1024 * 1024;
/** With more matches, some would lack details. */
const MAX_MATCHES = MAX_DETAILED_MATCHES;
const BYTES_OF_A_MATCH = 300;

/**
 * The fingerprint of rows of `matched`, which has the columns of a match. The endpoints of an audience are in the order of
 * their bytes, as in the sort of JavaScript.
 */
export const FINGERPRINT = `
  coalesce(string_agg(
    concat_ws(' ', "audienceIndex", "endpointId", version, lane, "holdReason"),
    ',' ORDER BY "audienceIndex", "endpointId" COLLATE "C"), '')`;

/** The endpoints that audiences matched last, to predict what they match next. */
export class RememberedMatches {
  readonly #byAudience = new LRUCache<string, Remembered>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });

  /** `matched`: for each audience, in order. */
  remember(audiences: Audience[], matched: EndpointMatch[][]): void {
    if (matched.reduce((sum, { length }) => sum + length, 0) > MAX_MATCHES) return;
    for (const [index, { key }] of audiences.entries()) {
      const sorted = matched[index]!.toSorted((a, b) => (a.endpointId < b.endpointId ? -1 : 1));
      this.#byAudience.set(key, {
        matched: sorted,
        states: sorted.map(stateOf),
        bytes: sorted.reduce((sum, match) => sum + bytesOf(match), BYTES_OF_A_MATCH),
      });
    }
  }

  /** Null unless all audiences are remembered. */
  recall(audiences: Audience[]): Prediction | null {
    const remembered: Remembered[] = [];
    let matches = 0;
    for (const { key } of audiences) {
      const one = this.#byAudience.get(key);
      if (!one) return null;
      matches += one.matched.length;
      remembered.push(one);
    }
    if (matches > MAX_MATCHES) return null;
    return {
      matched: remembered.map(({ matched }) => matched),
      fingerprint: remembered
        .flatMap(({ states }, index) => states.map((state) => `${index} ${state}`))
        .join(','),
    };
  }
}

const stateOf = ({ endpointId, version, lane, holdReason }: EndpointMatch): string =>
  `${endpointId} ${version} ${lane}${holdReason === null ? '' : ` ${holdReason}`}`;

const bytesOf = ({ details }: EndpointMatch): number =>
  BYTES_OF_A_MATCH +
  (details
    ? details.url.length +
      details.secrets.length +
      (details.headers?.length ?? 0) +
      (details.oauth?.length ?? 0)
    : 0);
