import { alternatives, capitalize, isRequired } from './named-types.ts';
import type { Schema } from './openapi-document.ts';

const LINE_WIDTH = 110;
const HEAD = `"""Generated from the OpenAPI document by sdk/models/write-models.ts. To change it, change the API and run the script.

Keys have the names of the JSON members. Responses may contain more keys, because the API may grow.
"""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict, Union

`;

/** The text of sdk/python/src/posthorn/models.py. */
export function generatePython(types: [string, Schema][]): string {
  const written = types.map(([name, schema]) => definition(name, schema));
  const names = types.map(([name]) => `    "${name}",\n`).sort();
  return `${HEAD}__all__ = [\n${names.join('')}]\n${written.join('')}`;
}

/** A class for an object, after the classes of the objects in it. Python has no anonymous TypedDict. */
function definition(name: string, schema: Schema): string {
  if (!schema.properties) return `\n\n${name} = ${typeOf(schema, name)}\n`;
  const inner = Object.entries(schema.properties).flatMap(([member, one]) =>
    objectsIn(one, name + capitalize(member)),
  );
  const all = Object.entries(schema.properties);
  const keywords = all.filter(([member]) => KEYWORDS.has(member));
  const members = all.filter(([member]) => !KEYWORDS.has(member));
  const base = keywords.length > 0 ? `_Keywords${name}` : 'TypedDict';
  const required = members.filter(([member]) => isRequired(schema, member));
  const optional = members.filter(([member]) => !isRequired(schema, member));
  const doc = schema.description ? `    """${schema.description}"""\n\n` : '';
  const fields = (some: [string, Schema][]) => some.map(([member, one]) => field(member, one, name)).join('');
  const classes =
    required.length > 0 && optional.length > 0
      ? `\n\nclass _Required${name}(${base}):\n${fields(required)}\n\nclass ${name}(_Required${name}, total=False):\n${doc}${fields(optional)}`
      : `\n\nclass ${name}(${base}${optional.length > 0 ? ', total=False' : ''}):\n${doc}${fields(members)}`;
  return inner.join('') + keywordBase(schema, name, keywords) + classes;
}

/** A base for the members whose names a class body cannot declare. It is read at once, so it may not name other classes. */
function keywordBase(schema: Schema, name: string, keywords: [string, Schema][]): string {
  if (keywords.length === 0) return '';
  const fields = keywords.map(([member, one]) => `"${member}": ${typeOf(one, name + capitalize(member))}`);
  const required = keywords.filter(([member]) => isRequired(schema, member)).length;
  if (required > 0 && required < keywords.length)
    throw new Error(`the keywords among the members of ${name} must be all required, or all optional`);
  const total = required > 0 ? '' : ', total=False';
  return `\n\n_Keywords${name} = TypedDict("_Keywords${name}", {${fields.join(', ')}}${total})\n`;
}

function field(member: string, schema: Schema, owner: string): string {
  if (!/^[a-z_]\w*$/i.test(member)) throw new Error(`${owner}.${member} is not a valid name in Python`);
  const comment = schema.description ? `    # ${schema.description}\n` : '';
  const line = `    ${member}: ${typeOf(schema, owner + capitalize(member))}`;
  return `${comment}${line.length <= LINE_WIDTH ? line : wrapped(line)}\n`;
}

const KEYWORDS = new Set([
  'class',
  'def',
  'from',
  'import',
  'in',
  'is',
  'pass',
  'global',
  'lambda',
  'not',
  'or',
  'and',
]);

const wrapped = (line: string): string =>
  line.replace(
    /Literal\[(.*?)\]/,
    (_, values: string) => `Literal[\n        ${values.replaceAll(', ', ',\n        ')},\n    ]`,
  );

/** The classes of the objects in a member. */
function objectsIn(schema: Schema, name: string): string[] {
  if (schema.properties) return [definition(name, schema)];
  if (schema.items) return objectsIn(schema.items, name);
  if (typeof schema.additionalProperties === 'object') return objectsIn(schema.additionalProperties, name);
  return (schema.anyOf ?? schema.oneOf ?? []).flatMap((one) => objectsIn(one, name));
}

function typeOf(schema: Schema, name: string): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1)!;
  if (schema.const !== undefined) return `Literal[${literal(schema.const)}]`;
  if (schema.enum) return `Literal[${schema.enum.map(literal).join(', ')}]`;
  const either = alternatives(schema);
  if (either) return unionOf([...new Set(either.map((one) => typeOf(one, name)))]);
  switch (schema.type) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'integer':
      return 'int';
    case 'number':
      return 'float';
    case 'null':
      return 'None';
    case 'array':
      return `List[${typeOf(schema.items ?? {}, name)}]`;
    case 'object':
      return schema.properties ? name : `Dict[str, ${valuesOf(schema, name)}]`;
    default:
      return 'Any';
  }
}

const valuesOf = ({ additionalProperties }: Schema, name: string): string =>
  typeof additionalProperties === 'object' ? typeOf(additionalProperties, name) : 'Any';

function unionOf(types: string[]): string {
  const others = types.filter((type) => type !== 'None');
  const union = others.length === 1 ? others[0]! : `Union[${others.join(', ')}]`;
  return others.length < types.length ? `Optional[${union}]` : union;
}

const literal = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? 'None' : JSON.stringify(value);
};
