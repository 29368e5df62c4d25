import { type Html, html, prose } from './docs-html.ts';

/** The subset of JSON Schema that the OpenAPI document uses. */
export type SchemaNode = {
  $ref?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: SchemaNode[];
  items?: SchemaNode;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  additionalProperties?: SchemaNode | boolean;
  description?: string;
  default?: unknown;
  example?: unknown;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
};
export type Schemas = Record<string, SchemaNode>;

const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);

/** The type of a value, such as `string`, `list of Delivery` or `string or null`, with links to named schemas. */
export function describeType(schema: SchemaNode): Html {
  if (schema.$ref) return html`<a href="#schema-${nameOf(schema.$ref)}">${nameOf(schema.$ref)}</a>`;
  if (schema.anyOf) return join(schema.anyOf.map(describeType), ' or ');
  if (schema.enum)
    return join(
      schema.enum.map((value) => html`<code>${String(value)}</code>`),
      ' · ',
    );
  if (schema.const !== undefined) return html`<code>${String(schema.const)}</code>`;
  if (schema.type === 'array') return html`list of ${describeType(schema.items ?? {})}`;
  if (schema.type === 'object' && !schema.properties) return html`object of ${valueType(schema)}`;
  if (schema.format === 'date-time') return html`time`;
  return html`${[schema.type ?? 'any JSON'].flat().join(' or ')}`;
}

/** A table with the name, type and description of each member. */
export function membersTable(schema: SchemaNode): Html {
  const rows = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => html`<tr><td><code>${name}</code>${schema.required?.includes(name) ? ' *' : ''}</td>
<td>${describeType(member)}${limits(member)}${member.description ? html`<p class="soft">${prose(member.description)}</p>` : undefined}${nested(member)}</td></tr>`,
  );
  return html`<table>${rows}</table>`;
}

/** An example value, built from the examples in the schemas; undefined if there are none. */
export function exampleOf(schema: SchemaNode, schemas: Schemas): unknown {
  if (schema.example !== undefined) return schema.example;
  if (schema.$ref) return exampleOf(schemas[nameOf(schema.$ref)] ?? {}, schemas);
  if (schema.type === 'array' && schema.items) {
    const item = exampleOf(schema.items, schemas);
    return item === undefined ? undefined : [item];
  }
  if (!schema.properties) return undefined;
  const members = Object.entries(schema.properties).map(([name, member]) => [
    name,
    exampleOf(member, schemas),
  ]);
  const withExample = members.filter(([, value]) => value !== undefined);
  return withExample.length === 0 ? undefined : Object.fromEntries(withExample);
}

const valueType = ({ additionalProperties }: SchemaNode): Html =>
  typeof additionalProperties === 'object' ? describeType(additionalProperties) : html`any JSON`;

const nested = (schema: SchemaNode): Html | undefined => {
  const inner = schema.properties ? schema : schema.items?.properties ? schema.items : undefined;
  return inner && membersTable(inner);
};

function limits({ minimum, maximum, maxLength, maxItems, default: defaultValue }: SchemaNode): Html {
  // zod sets this maximum for every integer; it is not a limit of the API.
  const realMaximum = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const parts = [
    minimum !== undefined && realMaximum !== undefined ? `${minimum} to ${realMaximum}` : '',
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    maxItems === undefined ? '' : `at most ${maxItems}`,
    defaultValue === undefined ? '' : `default ${String(defaultValue)}`,
  ].filter((part) => part !== '');
  return html`<span class="soft">${parts.length === 0 ? '' : `, ${parts.join(', ')}`}</span>`;
}

const join = (parts: Html[], separator: string): Html => ({
  html: parts.map(({ html }) => html).join(separator),
});
