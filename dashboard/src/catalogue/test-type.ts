import { matchesType } from './type-groups.ts';

export type KnownType = { type: string; description: string; hasExample: boolean };

export const hasExampleOf = (type: string, known: KnownType[]): boolean =>
  known.some((one) => one.type === type && one.hasExample);

/** One that a test of an endpoint can begin with: one that it subscribes to, with an example if there is any. */
export function testTypeFor(patterns: string[], known: KnownType[]): string {
  const wanted = known.filter(({ type }) => patterns.some((pattern) => matchesType(pattern, type)));
  const best = wanted.find(({ hasExample }) => hasExample) ?? wanted[0];
  if (best) return best.type;
  const exact = patterns.find((pattern) => !pattern.includes('*'));
  const prefix = patterns.find((pattern) => pattern.endsWith('.*'));
  return exact ?? (prefix ? `${prefix.slice(0, -2)}.test` : 'posthorn.test');
}
