/** One member of the data, as a row of a table. */
export type SchemaRow = {
  /** `metadata.width`, `items[].id`; empty for the data itself. */
  path: string;
  depth: number;
  type: string;
  isRequired: boolean;
  description: string;
  /** `at least 1`, `one of "png", "jpg"`. */
  rules: string[];
};

const MAX_ROWS = 400;
const MAX_DEPTH = 8;
/** `allOf` and `items` add no depth of their own, and may lead in a circle. */
const MAX_HOPS = 12;
const MAX_VALUE = 60;

type Schema = Record<string, unknown>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows `#/$defs/name`; a reference to elsewhere, or around a circle, gives an empty schema. */
function resolve(schema: Schema, root: Schema): Schema {
  let current = schema;
  for (let hops = 0; typeof current.$ref === 'string' && hops < 10; hops++) {
    if (!current.$ref.startsWith('#')) return {};
    const steps = decodeURIComponent(current.$ref.slice(1)).split('/').slice(1);
    let found: unknown = root;
    for (const step of steps) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      found = isSchema(found) && Object.hasOwn(found, name) ? found[name] : undefined;
    }
    if (!isSchema(found)) return {};
    const { $ref: _, ...beside } = current;
    current = { ...found, ...beside };
  }
  return typeof current.$ref === 'string' ? {} : current;
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? '';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
};

function typeOf(schema: Schema, root: Schema, depth = 0): string {
  if (typeof schema.type === 'string') {
    const items = isSchema(schema.items) && depth < 3 ? resolve(schema.items, root) : undefined;
    if (schema.type === 'array' && items) return `array of ${typeOf(items, root, depth + 1)}`;
    return schema.type;
  }
  if (Array.isArray(schema.type)) return schema.type.map(String).join(' or ');
  if ('const' in schema) return schema.const === null ? 'null' : typeof schema.const;
  for (const name of ['anyOf', 'oneOf']) {
    const options = schema[name];
    if (Array.isArray(options) && depth < 3) {
      const types = options.filter(isSchema).map((option) => typeOf(resolve(option, root), root, depth + 1));
      return [...new Set(types)].join(' or ');
    }
  }
  if (isSchema(schema.properties)) return 'object';
  return 'any';
}

const RULES: [name: string, words: (value: unknown) => string][] = [
  ['const', (value) => `always ${short(value)}`],
  [
    'enum',
    (value) => `one of ${Array.isArray(value) ? value.slice(0, 20).map(short).join(', ') : short(value)}`,
  ],
  ['format', (value) => `format ${String(value)}`],
  ['pattern', (value) => `pattern ${String(value).slice(0, MAX_VALUE)}`],
  ['minimum', (value) => `at least ${short(value)}`],
  ['exclusiveMinimum', (value) => `more than ${short(value)}`],
  ['maximum', (value) => `at most ${short(value)}`],
  ['exclusiveMaximum', (value) => `less than ${short(value)}`],
  ['multipleOf', (value) => `a multiple of ${short(value)}`],
  ['minLength', (value) => `at least ${short(value)} characters`],
  ['maxLength', (value) => `at most ${short(value)} characters`],
  ['minItems', (value) => `at least ${short(value)} items`],
  ['maxItems', (value) => `at most ${short(value)} items`],
  ['default', (value) => `default ${short(value)}`],
];

const rulesOf = (schema: Schema): string[] => [
  ...RULES.flatMap(([name, words]) => (Object.hasOwn(schema, name) ? [words(schema[name])] : [])),
  ...(schema.deprecated === true ? ['deprecated'] : []),
];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The members that a schema describes, in its order. What tables cannot say, such as `if` and `not`, only its JSON shows. */
export function schemaRows(schema: unknown): SchemaRow[] {
  if (!isSchema(schema)) return [];
  const rows: SchemaRow[] = [];
  visit(schema, '', 0, false);
  // The data itself needs a row only if it is no object whose members say everything.
  return rows.length > 1 && rows[0]!.rules.length === 0 && rows[0]!.description === '' ? rows.slice(1) : rows;

  function visit(unresolved: Schema, path: string, depth: number, isRequired: boolean): void {
    if (rows.length >= MAX_ROWS || depth > MAX_DEPTH) return;
    const current = resolve(unresolved, schema as Schema);
    rows.push({
      path,
      depth,
      type: typeOf(current, schema as Schema),
      isRequired,
      description: textOf(current.description) || textOf(current.title),
      rules: rulesOf(current),
    });
    members(current, path, depth, 0);
  }

  function members(current: Schema, path: string, depth: number, hops: number): void {
    if (hops > MAX_HOPS || rows.length >= MAX_ROWS) return;
    const required = Array.isArray(current.required) ? current.required : [];
    const properties = isSchema(current.properties) ? Object.entries(current.properties) : [];
    for (const [name, member] of properties) {
      const own = path === '' ? name : `${path}.${name}`;
      visit(isSchema(member) ? member : {}, own, depth + 1, required.includes(name));
    }
    for (const part of Array.isArray(current.allOf) ? current.allOf : [])
      if (isSchema(part)) members(resolve(part, schema as Schema), path, depth, hops + 1);
    if (isSchema(current.items))
      members(resolve(current.items, schema as Schema), `${path}[]`, depth, hops + 1);
  }
}
