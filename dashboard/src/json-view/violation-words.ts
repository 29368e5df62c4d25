import { findNodeAtLocation, type JSONPath, type Node, parseTree } from 'jsonc-parser';

/** What the API says about one place in a body. */
type FieldError = { pointer: string; detail: string };

const MAX_SHOWN = 3;

/**
 * What is wrong with a JSON text, in sentences that name its members and lines; undefined if the errors are about something
 * else. `pointer`: where the text stands in the body of the call. `what` names the text: `data`.
 */
export function violationsText(
  errors: FieldError[],
  pointer: string,
  text: string,
  what: string,
): string | undefined {
  const own = errors.filter((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`));
  if (own.length === 0) return undefined;
  const root = parseTree(text);
  const sentences = own.slice(0, MAX_SHOWN).map((error) => {
    const path = pathOf(error.pointer.slice(pointer.length), root);
    const line = path.length > 0 && root ? `Line ${lineOf(text, root, path)}: ` : '';
    const subject = path.length === 0 ? `${line ? 'the' : 'The'} ${what}` : nameOf(path);
    return `${line}${subject} ${ruleInWords(error.detail)}.`;
  });
  const more = own.length - sentences.length;
  return [...sentences, ...(more > 0 ? [`And ${more} more.`] : [])].join(' ');
}

/** Members and indexes of a JSON Pointer. A number is an index only inside of an array. */
function pathOf(pointer: string, root: Node | undefined): JSONPath {
  const path: JSONPath = [];
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    const parent = root && findNodeAtLocation(root, path);
    path.push(parent?.type === 'array' && /^\d+$/.test(name) ? Number(name) : name);
  }
  return path;
}

/** That of the member, or of what it is missing in. */
function lineOf(text: string, root: Node, path: JSONPath): number {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node) return lineAt(text, node.parent?.type === 'property' ? node.parent.offset : node.offset);
  }
  return lineAt(text, root.offset);
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** `customer.emails[0]` */
const nameOf = (path: JSONPath): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list in [ ]',
  object: 'an object in { }',
  null: 'null',
};

/** The rules of JSON Schema as sentences without a subject. Other rules stay as the API words them. */
const RULES: [pattern: RegExp, words: (...parts: string[]) => string][] = [
  [/^is required$/, () => 'is missing'],
  [/^is not allowed$/, () => 'is not allowed here'],
  [
    /^must be ((?:string|number|integer|boolean|array|object|null)(?:,\w+)*)$/,
    (types) => `must be ${typesInWords(types!)}`,
  ],
  [/^must be >= (.+)$/, (limit) => `must be at least ${limit}`],
  [/^must be <= (.+)$/, (limit) => `must be at most ${limit}`],
  [/^must be > (.+)$/, (limit) => `must be more than ${limit}`],
  [/^must be < (.+)$/, (limit) => `must be less than ${limit}`],
  [
    /^must NOT have fewer than (\d+) (\w+)$/,
    (count, unit) => `must have at least ${count} ${unitFor(count!, unit!)}`,
  ],
  [
    /^must NOT have more than (\d+) (\w+)$/,
    (count, unit) => `must have at most ${count} ${unitFor(count!, unit!)}`,
  ],
  [/^must match pattern "(.*)"$/, (pattern) => `must fit the pattern ${pattern}`],
  [/^must match format "(.*)"$/, (format) => `must be written as ${format}`],
  [/^must be equal to one of the allowed values$/, () => 'must be one of the values that the schema lists'],
  [/^must be equal to constant$/, () => 'must be the value that the schema names'],
  [/^must NOT have duplicate items/, () => 'has the same item twice'],
  [/^must be multiple of (.+)$/, (step) => `must be a multiple of ${step}`],
];

function ruleInWords(detail: string): string {
  // The API adds the keyword of the schema: `must be object (type)`.
  const rule = detail.replace(/ \(\w+\)$/, '');
  for (const [pattern, words] of RULES) {
    const found = pattern.exec(rule);
    if (found) return words(...found.slice(1));
  }
  return rule;
}

const typesInWords = (types: string): string =>
  types
    .split(',')
    .map((type) => TYPES[type] ?? type)
    .join(' or ');

/** One of them, if there is one: `1 character`. */
const unitFor = (count: string, unit: string): string =>
  ({ properties: 'members', property: 'member' })[unit] ?? (count === '1' ? unit.replace(/s$/, '') : unit);
