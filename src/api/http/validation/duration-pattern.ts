const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Durations from `min` (0 or 1) to `max` seconds as a regular expression that every validator of JSON Schema knows. */
export function durationPattern(min: 0 | 1, max: number): RegExp {
  const ofUnits = Object.entries(UNIT_SECONDS).flatMap(([unit, seconds]) => {
    const most = Math.floor(max / seconds);
    return most < min ? [] : [`0{0,2}(?:${numbersTo(most, min).join('|')})${unit}`];
  });
  return new RegExp(`^(?:${ofUnits.join('|')})$`);
}

/** Patterns of the whole numbers from `min` to `max`, without zeros in front. */
function numbersTo(max: number, min: 0 | 1): string[] {
  const digits = String(max);
  const patterns = min === 0 ? ['0'] : [];
  for (let length = 1; length < digits.length; length++) patterns.push(`[1-9]${anyDigits(length - 1)}`);
  // As many digits as max: equal to it up to a place, and less there.
  for (let place = 0; place < digits.length; place++) {
    const least = place === 0 ? 1 : 0;
    const below = Number(digits[place]) - 1;
    if (below >= least)
      patterns.push(`${digits.slice(0, place)}[${least}-${below}]${anyDigits(digits.length - place - 1)}`);
  }
  if (max > 0) patterns.push(digits);
  return patterns;
}

const anyDigits = (count: number): string => (count === 0 ? '' : `[0-9]{${count}}`);
