const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A regular expression for durations from `min` to `max` seconds; it uses only syntax that every JSON Schema validator supports. */
export function durationPattern(min: 0 | 1, max: number): RegExp {
  const alternatives = Object.entries(UNIT_SECONDS).flatMap(([unit, seconds]) => {
    const maxUnits = Math.floor(max / seconds);
    return maxUnits < min ? [] : [`0{0,2}(?:${numbersTo(maxUnits, min).join('|')})${unit}`];
  });
  return new RegExp(`^(?:${alternatives.join('|')})$`);
}

/** Patterns of the integers from `min` to `max` without leading zeros. */
function numbersTo(max: number, min: 0 | 1): string[] {
  const digits = String(max);
  const patterns = min === 0 ? ['0'] : [];
  for (let length = 1; length < digits.length; length++) patterns.push(`[1-9]${anyDigits(length - 1)}`);
  // As many digits as max: the same as max before a position, and smaller at it.
  for (let position = 0; position < digits.length; position++) {
    const smallest = position === 0 ? 1 : 0;
    const largest = Number(digits[position]) - 1;
    if (largest >= smallest)
      patterns.push(
        `${digits.slice(0, position)}[${smallest}-${largest}]${anyDigits(digits.length - position - 1)}`,
      );
  }
  if (max > 0) patterns.push(digits);
  return patterns;
}

const anyDigits = (count: number): string => (count === 0 ? '' : `[0-9]{${count}}`);
