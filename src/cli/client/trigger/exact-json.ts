/** JSON.rawJSON and the source text of JSON.parse (ES2026), which Node.js 24 has and TypeScript does not declare. */
type ExactJson = {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};
const exactJson = JSON as unknown as ExactJson;

/** Parses JSON so that JSON.stringify writes each number with the same digits. Throws a SyntaxError. */
export const parseExactly = (text: string): unknown =>
  exactJson.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? exactJson.rawJSON(source)
      : value,
  );

/** Whether it is a number that JavaScript would write with other digits. */
export const isExactNumber = (value: unknown): boolean => exactJson.isRawJSON(value);
