import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { RegExpEngine } from 'ajv/dist/types/index.js';
import { hasUniqueItems } from './unique-items.ts';

/**
 * Compiles a schema with Ajv. Each call creates its own Ajv, because a shared one would keep every schema that it ever
 * compiled. Throws if Ajv or V8 cannot compile the schema.
 */
export function compileValidator(schema: object, allErrors: boolean, regExp: RegExpEngine): ValidateFunction {
  const ajv = new Ajv2020({
    allErrors,
    strict: false,
    logger: false,
    validateFormats: false,
    validateSchema: false,
    meta: false, // each Ajv would compile and keep its own copy of the meta schema
    ownProperties: true, // otherwise `constructor` would count as a member of every object
    code: { regExp },
  });
  // No schema here uses it. With it, `anyOf` continues after a match, and Ajv fails to compile some schemas.
  ajv.opts.unevaluated = false;
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (required: boolean, items: unknown[]) => !required || hasUniqueItems(items),
    error: { message: 'must not have two equal items' },
  });
  return ajv.compile(schema);
}
