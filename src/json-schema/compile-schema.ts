import { arrayKeywords, unevaluatedItems } from './array-keywords.ts';
import {
  type Check,
  CheckRun,
  isObject,
  pointerStep,
  type Seen,
  TooManySteps,
  type Violation,
} from './check.ts';
import { combiningKeywords } from './combining-keywords.ts';
import { type Keyword, type KeywordPlace, membersOf } from './keyword.ts';
import { objectKeywords, unevaluatedProperties } from './object-keywords.ts';
import { scalarKeywords } from './scalar-keywords.ts';

/** What is wrong with data of so many bytes: at most 20 violations, none when it fits. */
export type DataCheck = (data: unknown, bytes: number) => Violation[];

export const MAX_SCHEMA_BYTES = 32 * 1024;
const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * What checking may take, so that no schema and no data can hold up a process: see
 * docs/decisions/0006-schemas-are-interpreted.md for how they were measured.
 */
const STEPS_AT_LEAST = 50_000;
const STEPS_PER_BYTE = 20;

const definitions: Keyword = (place) => {
  for (const [, schema, pointer] of membersOf(place) ?? []) place.ofPart(schema, pointer);
  return undefined;
};

const draft: Keyword = ({ value, refuse }) =>
  value === DRAFT || value === `${DRAFT}#` ? undefined : refuse(`must be ${DRAFT}, or left out`);

const refused =
  (detail: string): Keyword =>
  ({ refuse }) =>
    refuse(detail);

const identifier: Keyword = ({ pointer, refuse }) =>
  pointer === '/$id' ? undefined : refuse('can stand at the top alone: references are by JSON pointer');

/** In the order in which they check; a name that is not here says nothing about what is valid. */
const KEYWORDS: Record<string, Keyword> = {
  $schema: draft,
  $id: identifier,
  $defs: definitions,
  definitions,
  $anchor: refused('cannot be used: references are by JSON pointer'),
  $dynamicAnchor: refused('cannot be used: references are by JSON pointer'),
  $dynamicRef: refused('cannot be used: references are by JSON pointer'),
  $recursiveRef: refused('is of an older draft: write $ref'),
  $vocabulary: refused('cannot be used'),
  dependencies: refused('is of an older draft: write dependentRequired or dependentSchemas'),
  additionalItems: refused('is of an older draft: write items beside prefixItems'),
  ...scalarKeywords,
  ...arrayKeywords,
  ...objectKeywords,
  ...combiningKeywords,
};
/** These run last, and only where the others found nothing: what a failed branch has looked at is not known. */
const LAST_KEYWORDS: Record<string, Keyword> = { unevaluatedItems, unevaluatedProperties };

/**
 * Compiles the text of a JSON Schema (draft 2020-12; `format` and `content…` are annotations) into functions that
 * take no more steps than the size of the data allows. Schemas come from strangers: what is refused, with JSON
 * pointers into the schema, is what cannot be bounded or resolved, and what is not a schema.
 */
export function compileSchema(text: string): DataCheck | { problems: Violation[] } {
  if (Buffer.byteLength(text) > MAX_SCHEMA_BYTES)
    return { problems: [{ pointer: '', detail: `has more than ${MAX_SCHEMA_BYTES} bytes` }] };
  const root: unknown = JSON.parse(text);
  const schemas = new SchemaCompiler(root);
  const check = schemas.compile();
  if (schemas.problems.length > 0) return { problems: schemas.problems };
  return (data, bytes) => {
    const run = new CheckRun(STEPS_AT_LEAST + STEPS_PER_BYTE * bytes);
    try {
      check(data, null, run, null);
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
      return [{ pointer: '', detail: 'takes more steps to check than data of its size may' }];
    }
    return run.violations;
  };
}

class SchemaCompiler {
  readonly problems: Violation[] = [];
  readonly #root: unknown;
  readonly #checks = new Map<string, Check>();
  /** Which schemas look at the same value as the one at the pointer. */
  readonly #inPlace = new Map<string, string[]>();
  /** What references name: compiled one after the other, since a chain of them may be longer than the stack. */
  readonly #named = new Map<string, unknown>();

  constructor(root: unknown) {
    this.#root = root;
  }

  compile(): Check {
    this.#named.set('', this.#root);
    // A Map goes on to what is added while it is gone through.
    for (const [pointer, schema] of this.#named) this.#compileAt(schema, pointer);
    this.#refuseCircles();
    return this.#checks.get('')!;
  }

  #compileAt(schema: unknown, pointer: string): Check {
    const known = this.#checks.get(pointer);
    if (known) return known;
    const check = this.#compileNew(schema, pointer);
    this.#checks.set(pointer, check);
    return check;
  }

  #compileNew(schema: unknown, pointer: string): Check {
    if (schema === true) return () => true;
    if (schema === false) return (_, place, run) => run.violate(place, 'may not be there (false)');
    if (!isObject(schema)) {
      this.problems.push({ pointer, detail: 'must be an object, true or false' });
      return () => true;
    }
    const checksOf = (keywords: Record<string, Keyword>): Check[] =>
      Object.entries(keywords).flatMap(([name, keyword]) =>
        Object.hasOwn(schema, name) ? (keyword(this.#placeOf(schema, pointer, name)) ?? []) : [],
      );
    return checkOfAll(checksOf(KEYWORDS), checksOf(LAST_KEYWORDS));
  }

  #placeOf(schema: Record<string, unknown>, above: string, name: string): KeywordPlace {
    const pointer = above + pointerStep(name);
    return {
      value: schema[name],
      schema,
      pointer,
      refuse: (detail, at = pointer) => void this.problems.push({ pointer: at, detail }),
      inPlace: (other, at) => {
        this.#looksAlsoThrough(above, at);
        return this.#compileAt(other, at);
      },
      ofPart: (other, at) => this.#compileAt(other, at),
      reference: (ref) => this.#reference(ref, above, pointer),
    };
  }

  #reference(ref: string, above: string, pointer: string): Check | undefined {
    const target = this.#resolve(ref);
    if (!target) {
      this.problems.push({
        pointer,
        detail: 'must be "#" or "#/…", the JSON pointer of a schema in this document',
      });
      return undefined;
    }
    this.#looksAlsoThrough(above, target.pointer);
    this.#named.set(target.pointer, target.schema);
    return (...args) => this.#checks.get(target.pointer)!(...args);
  }

  #resolve(ref: string): { schema: unknown; pointer: string } | undefined {
    if (!/^#(\/|$)/.test(ref)) return undefined;
    let schema = this.#root;
    let pointer = '';
    for (const step of ref.split('/').slice(1)) {
      const name = stepName(step);
      if (name === undefined || typeof schema !== 'object' || schema === null || !Object.hasOwn(schema, name))
        return undefined;
      schema = (schema as Record<string, unknown>)[name];
      pointer += pointerStep(name);
    }
    return { schema, pointer };
  }

  #looksAlsoThrough(from: string, to: string): void {
    const known = this.#inPlace.get(from);
    if (known) known.push(to);
    else this.#inPlace.set(from, [to]);
  }

  /** A schema that applies itself to the same value again never comes to an end. */
  #refuseCircles(): void {
    const done = new Set<string>();
    const open = new Set<string>();
    const visit = (pointer: string): void => {
      if (done.has(pointer)) return;
      if (open.has(pointer)) {
        this.problems.push({ pointer, detail: 'comes back to itself without going deeper into the data' });
        return;
      }
      open.add(pointer);
      for (const next of this.#inPlace.get(pointer) ?? []) visit(next);
      open.delete(pointer);
      done.add(pointer);
    };
    for (const pointer of this.#inPlace.keys()) visit(pointer);
  }
}

/** A step of the pointer in a reference, without its escapes; undefined when they are not right. */
function stepName(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}

function checkOfAll(checks: Check[], last: Check[]): Check {
  const tracks = last.length > 0;
  const runAll = (all: Check[], ...[value, place, run, seen]: Parameters<Check>): boolean => {
    let valid = true;
    for (const check of all) {
      valid = check(value, place, run, seen) && valid;
      if (!valid && run.isDecided) return false;
    }
    return valid;
  };
  return (value, place, run, seen) => {
    run.enter();
    run.spend(1 + checks.length + last.length);
    const own: Seen | null = tracks || seen ? { members: new Set(), items: new Set() } : null;
    const valid = runAll(checks, value, place, run, own) && (!tracks || runAll(last, value, place, run, own));
    if (valid && seen && own) addAll(own, seen, run);
    run.leave();
    return valid;
  };
}

function addAll(from: Seen, to: Seen, run: CheckRun): void {
  run.spend(from.members.size + from.items.size);
  for (const name of from.members) to.members.add(name);
  for (const index of from.items) to.items.add(index);
}
