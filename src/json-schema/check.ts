/** What is wrong at one place of the data, in words that repeat nothing of it. */
export type Violation = { pointer: string; detail: string };

/** A place in the data. Its pointer is written only when something is wrong there; null is the whole. */
export type Place = { above: Place; name: string | number } | null;

/** The members and items of one value that a schema has looked at; `unevaluated…` is about the others. */
export type Seen = { members: Set<string>; items: Set<number> };

/** False for a value that breaks the schema. `seen` is null where nobody asks what was looked at. */
export type Check = (value: unknown, place: Place, run: CheckRun, seen: Seen | null) => boolean;

/** The data would take more steps to check than it may. */
export class TooManySteps extends Error {
  constructor() {
    super('the steps of a check are used up');
    this.name = 'TooManySteps';
  }
}

/** A megabyte can break a schema in a hundred thousand places; the first few tell its sender enough. */
const MAX_VIOLATIONS = 20;
/** Schemas within schemas: references can nest them deeper than the stack, at few steps. */
const MAX_DEPTH = 400;

/** One check of one value: what it has found, and how much more it may do. */
export class CheckRun {
  readonly violations: Violation[] = [];
  #stepsLeft: number;
  #depth = 0;
  #unheard = 0;

  constructor(steps: number) {
    this.#stepsLeft = steps;
  }

  /** Throws TooManySteps. A step is what looking at one member, item or keyword takes. */
  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw new TooManySteps();
  }

  /** False, for the check to return. */
  violate(place: Place, detail: string): false {
    if (this.#unheard === 0 && this.violations.length < MAX_VIOLATIONS)
      this.violations.push({ pointer: pointerOf(place), detail });
    return false;
  }

  /** True when further violations would not be told: the first one decides. */
  get isDecided(): boolean {
    return this.#unheard > 0 || this.violations.length >= MAX_VIOLATIONS;
  }

  /** For schemas of which one may fail without the data being wrong. */
  unheard(check: () => boolean): boolean {
    this.#unheard++;
    const valid = check();
    this.#unheard--;
    return valid;
  }

  /** Before a schema is applied; `leave` after it. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new TooManySteps();
  }

  leave(): void {
    this.#depth--;
  }
}

export const at = (above: Place, name: string | number): Place => ({ above, name });

/** One step of a JSON pointer (RFC 6901). */
export const pointerStep = (name: string | number): string =>
  `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;

function pointerOf(place: Place): string {
  let pointer = '';
  for (let here = place; here !== null; here = here.above) pointer = pointerStep(here.name) + pointer;
  return pointer;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
