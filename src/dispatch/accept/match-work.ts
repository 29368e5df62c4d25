import { performance } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';
import { patternsFor } from '../../store/events/accept/match-endpoints.ts';
import type { Scope } from '../../store/events/accept/match-weights.ts';
import type { Admits } from './post-queue.ts';

/*
 * A transaction compares each type of event with all endpoints of its scope, whether or not they match. With 10,000 endpoints
 * of 100 patterns, a type takes Postgres up to 100 ms, and the posts of other projects in the transaction wait.
 */

/** Patterns of types that a scope may have in a transaction before it is weighed. Few types therefore need no query. */
const PATTERNS_BEFORE_WEIGHING = 16;
/** For one project in a shared transaction, in comparisons of two patterns: about 100 ms. */
const MAX_COMPARISONS = 2_000_000;
/** A scope that may have fewer patterns in a transaction is heavy: each type takes more than some 30 ms. */
const PATTERNS_OF_HEAVY = 8;
const MAX_SCOPES = 10_000;
const WEIGHED_FOR_MS = 60_000;

/** `weight`: comparisons for each pattern of a type. */
type Weighed = { weight: number; at: number };

/** What a transaction compares. Scopes that were not weighed count nothing until a transaction was slow. */
type Compared = { comparisons: number; scopes: Map<string, { types: Set<string>; patterns: number }> };

/** Limits how long a shared transaction matches the events of one project. */
export type MatchWork = {
  newTransaction(): Admits;
  /** Call it after a slow transaction: one of its scopes may be the reason. */
  weigh(scopes: Scope[]): void;
};

/** `weightsOf` is matchWeights. `onHeavy` gets the projects of scopes that belong into no shared transaction. */
export function createMatchWork(
  weightsOf: (scopes: Scope[]) => Promise<number[]>,
  onHeavy: (projectId: string) => void,
  now: () => number = () => performance.now(),
): MatchWork {
  const weighed = new LRUCache<string, Weighed>({ max: MAX_SCOPES });
  const weighing = new Set<string>();

  function weigh(scopes: Scope[]): void {
    const byKey = new Map<string, Scope>();
    for (const scope of scopes) if (isDue(keyOf(scope))) byKey.set(keyOf(scope), scope);
    if (byKey.size > 0) void weighNow(byKey);
  }

  const isDue = (key: string): boolean =>
    !weighing.has(key) && now() - (weighed.get(key)?.at ?? Number.NEGATIVE_INFINITY) > WEIGHED_FOR_MS;

  async function weighNow(scopes: Map<string, Scope>): Promise<void> {
    for (const key of scopes.keys()) weighing.add(key);
    try {
      const weights = await weightsOf([...scopes.values()]);
      for (const [index, [key, { projectId }]] of [...scopes].entries()) {
        const weight = weights[index]!;
        weighed.set(key, { weight, at: now() });
        if (weight * PATTERNS_OF_HEAVY > MAX_COMPARISONS) onHeavy(projectId);
      }
    } catch {
      // A later transaction asks again. Until then, the limit is that of a scope that was not weighed.
    } finally {
      for (const key of scopes.keys()) weighing.delete(key);
    }
  }

  /** Whether the project's part of a transaction may compare this type too. It always may if it compares nothing yet. */
  function admit(compared: Compared, scope: Scope, type: string): boolean {
    const key = keyOf(scope);
    const { types, patterns } = compared.scopes.get(key) ?? { types: new Set(), patterns: 0 };
    if (types.has(type)) return true;
    const more = patternsFor(type).length;
    if (types.size > 0 && patterns + more > PATTERNS_BEFORE_WEIGHING) {
      weigh([scope]);
      if (!weighed.has(key)) return false;
    }
    const comparisons = compared.comparisons + more * (weighed.get(key)?.weight ?? 0);
    if (compared.comparisons > 0 && comparisons > MAX_COMPARISONS) return false;
    compared.scopes.set(key, { types: types.add(type), patterns: patterns + more });
    compared.comparisons = comparisons;
    return true;
  }

  return {
    newTransaction() {
      const byProject = new Map<string, Compared>();
      return (draft) => {
        if (draft.target) return true;
        const { projectId, type } = draft;
        const compared = byProject.get(projectId) ?? { comparisons: 0, scopes: new Map() };
        byProject.set(projectId, compared);
        return admit(compared, draft, type);
      };
    },
    weigh,
  };
}

/** No text in Postgres contains the separator. */
const keyOf = ({ projectId, consumer }: Scope): string =>
  consumer === null ? projectId : `${projectId}\0${consumer}`;
