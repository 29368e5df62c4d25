import { walkJson } from './walk-json.ts';

export type Problem = { pointer: string; detail: string };

/** A megabyte can hold a hundred thousand bad numbers; the first few tell their sender enough. */
const MAX_PROBLEMS = 20;

/** A number's text without redundancy: equal texts are equal values, exactly. */
function exactValue(number: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = whole + fraction;
  let start = 0;
  let end = digits.length;
  while (start < end && digits[start] === '0') start++;
  // Not by /0+$/, which tries again at each of the zeros in "1000…001": the square of their number.
  while (end > start && digits[end - 1] === '0') end--;
  if (start === end) return '0';
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/** False for what a double does not hold exactly as it is written back, such as 12345678901234567890 and 1e400. */
function survives(number: string): boolean {
  const value = Number(number);
  // Most are written as they come back; a megabyte can hold half a million.
  if (String(value) === number) return true;
  return Number.isFinite(value) && exactValue(number) === exactValue(String(value));
}

/** What `JSON.stringify(JSON.parse(data))` would change in the value of `data`, which is known to be JSON. */
export function reserializationProblems(data: Buffer): Problem[] {
  const problems: Problem[] = [];
  const report = (pointer: () => string, detail: string) => {
    if (problems.length < MAX_PROBLEMS) problems.push({ pointer: pointer(), detail });
  };
  walkJson(data.toString('utf8'), '/data', {
    number: (text, pointer) => {
      if (!survives(text))
        report(pointer, 'this number would change its value when the body is re-serialised');
    },
    duplicateMember: (pointer) =>
      report(pointer, 'a repeated member would be lost when the body is re-serialised'),
  });
  return problems;
}

/** The form that a receiver gets who signs what it has parsed and written again. */
export const reserialize = (body: Buffer): Buffer =>
  Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8'))), 'utf8');
