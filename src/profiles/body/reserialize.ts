import { walkJson } from './walk-json.ts';

export type FieldProblem = { pointer: string; detail: string };

/** 1 MB of data can contain 100,000 problems. The first few are enough for the producer. */
const MAX_PROBLEMS = 20;

/** The normalized decimal form of a JSON number: two numbers are equal if and only if their forms are. */
function normalizedDecimal(number: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = whole + fraction;
  let start = 0;
  let end = digits.length;
  while (start < end && digits[start] === '0') start++;
  // /0+$/ would start again at each zero of "1000…001" and take quadratic time.
  while (end > start && digits[end - 1] === '0') end--;
  if (start === end) return '0';
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/** False if a number changes its value when it is parsed as a double and written again: 12345678901234567890, 1e400. */
function isPreserved(number: string): boolean {
  const value = Number(number);
  // The fast path for most numbers: 1 MB can contain 500,000.
  if (String(value) === number) return true;
  return Number.isFinite(value) && normalizedDecimal(number) === normalizedDecimal(String(value));
}

/** What `JSON.stringify(JSON.parse(data))` would change in the value of `data`, which must be valid JSON. */
export function reserializationProblems(data: Buffer): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const report = (pointer: () => string, detail: string) => {
    if (problems.length < MAX_PROBLEMS) problems.push({ pointer: pointer(), detail });
  };
  walkJson(data.toString('utf8'), '/data', {
    number: (text, pointer) => {
      if (!isPreserved(text))
        report(pointer, 'must be a number that keeps its value when the body is re-serialized');
    },
    duplicateMember: (pointer) =>
      report(
        pointer,
        'must not be a repeated member: one of them would be lost when the body is re-serialized',
      ),
  });
  return problems;
}

/** The bytes that a receiver computes if it verifies the body after parsing and stringifying it. */
export const reserialize = (body: Buffer): Buffer =>
  Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8'))), 'utf8');
