import { alternatives, isRequired } from './named-types.ts';
import type { Schema } from './openapi-document.ts';

const LINE_WIDTH = 110;
const HEAD =
  '// Generated from the OpenAPI document by sdk/models/write-models.ts. To change it, change the API and run the script.\n';

/** The text of sdk/typescript/src/models.ts. */
export const generateTypescript = (types: [string, Schema][]): string =>
  [
    HEAD,
    ...types.map(([name, schema]) => `${comment(schema, '')}export type ${name} = ${typeOf(schema, '')};\n`),
  ].join('\n');

function typeOf(schema: Schema, indent: string): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1)!;
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  const either = alternatives(schema);
  if (either) return [...new Set(either.map((one) => typeOf(one, indent)))].join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return arrayOf(typeOf(schema.items ?? {}, indent));
    case 'object':
      return objectOf(schema, indent);
    default:
      return 'unknown';
  }
}

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));

const arrayOf = (item: string): string => (item.includes(' | ') ? `(${item})[]` : `${item}[]`);

function objectOf(schema: Schema, indent: string): string {
  if (!schema.properties) {
    const { additionalProperties } = schema;
    const values =
      typeof additionalProperties === 'object' ? typeOf(additionalProperties, indent) : 'unknown';
    return values.includes('\n') ? `{ [name: string]: ${values} }` : `Record<string, ${values}>`;
  }
  const inner = `${indent}  `;
  const members = Object.entries(schema.properties).map(([name, member]) => {
    const key = `${inner}${/^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`}${isRequired(schema, name) ? '' : '?'}:`;
    return `${comment(member, inner)}${wrapped(key, typeOf(member, inner), inner)};\n`;
  });
  return `{\n${members.join('')}${indent}}`;
}

/** Breaks a long union as Biome does, with one alternative per line. */
function wrapped(key: string, type: string, indent: string): string {
  const line = `${key} ${type}`;
  if (line.length < LINE_WIDTH || type.includes('\n')) return line;
  return [key, ...type.split(' | ').map((one) => `${indent}  | ${one}`)].join('\n');
}

const comment = ({ description }: Schema, indent: string): string =>
  description ? `${indent}/** ${description.replaceAll('*/', '* /')} */\n` : '';
