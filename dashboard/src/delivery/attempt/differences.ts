import type { Attempt } from '../../../../sdk/typescript/src/models.ts';

export type Difference = {
  where: 'attempt' | 'request' | 'response';
  name: string;
  left: string;
  right: string;
};

const ABSENT = '–';

/** What differs between two attempts of a delivery. */
export function differences(left: Attempt, right: Attempt): Difference[] {
  return [
    ...compare('attempt', facts(left), facts(right)),
    ...compare('request', headersOf(left.request), headersOf(right.request)),
    ...compare('response', headersOf(left.response), headersOf(right.response)),
    ...compare('response', bodyOf(left), bodyOf(right)),
  ];
}

const facts = (attempt: Attempt): Record<string, string> => ({
  outcome: attempt.outcome,
  status: String(attempt.statusCode ?? ABSENT),
  url: attempt.request?.url ?? ABSENT,
  error: attempt.error?.code ?? ABSENT,
});

const bodyOf = ({ response }: Attempt): Record<string, string> => ({ body: response?.body ?? ABSENT });

const headersOf = (message: { headers: Record<string, unknown> | null } | null): Record<string, string> =>
  Object.fromEntries(
    Object.entries(message?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );

function compare(
  where: Difference['where'],
  left: Record<string, string>,
  right: Record<string, string>,
): Difference[] {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return names
    .filter((name) => left[name] !== right[name])
    .map((name) => ({ where, name, left: left[name] ?? ABSENT, right: right[name] ?? ABSENT }));
}
