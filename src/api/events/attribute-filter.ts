import { name, storableText } from '../http/validation/fields.ts';
import { validationMessage } from '../http/validation/validation-messages.ts';
import { MAX_LISTED_ERRORS, Problem } from '../problems/problem.ts';

const PREFIX = 'attribute.';
const MAX_ATTRIBUTES = 5;

/** Parses the parameters `attribute.<name>=<value>`; undefined if there are none. Throws invalid_query for any other. */
export function attributeFilter(parameters: Record<string, unknown>): Record<string, string> | undefined {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return undefined;
  const errors = entries.flatMap(([parameter, value]) => {
    const detail = problemOf(parameter, value);
    return detail === null ? [] : [{ pointer: parameter, detail }];
  });
  if (entries.length > MAX_ATTRIBUTES)
    errors.push({ pointer: entries[MAX_ATTRIBUTES]![0], detail: 'is one attribute too many: 5 are allowed' });
  if (errors.length > 0)
    throw new Problem('invalid_query', undefined, { errors: errors.slice(0, MAX_LISTED_ERRORS) });
  return Object.fromEntries(
    entries.map(([parameter, value]) => [parameter.slice(PREFIX.length), String(value)]),
  );
}

function problemOf(parameter: string, value: unknown): string | null {
  if (!parameter.startsWith(PREFIX)) return 'is unknown';
  if (!name.safeParse(parameter.slice(PREFIX.length)).success) return 'does not name an attribute';
  const { error } = storableText.safeParse(value, { error: validationMessage });
  return error?.issues[0]?.message ?? null;
}
