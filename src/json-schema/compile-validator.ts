import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { RegExpEngine } from 'ajv/dist/types/index.js';
import { hasUniqueItems } from './unique-items.ts';

/** An Ajv of its own for each: one that is shared would keep all that it ever compiled. */
export function compileValidator(schema: object, allErrors: boolean, regExp: RegExpEngine): ValidateFunction {
  const ajv = new Ajv2020({
    allErrors,
    strict: false,
    logger: false,
    validateFormats: false,
    validateSchema: false,
    meta: false, // each would compile and keep a meta schema of its own
    ownProperties: true, // data may have a member `constructor`, or leave it out
    code: { regExp },
  });
  // It has no schema to look for: with it `anyOf` goes on after a schema that fits, and some schemas do not compile.
  ajv.opts.unevaluated = false;
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: unknown[]) => !wanted || hasUniqueItems(items),
    error: { message: 'must not have two equal items' },
  });
  return ajv.compile(schema);
}
