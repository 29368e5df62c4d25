/** Colours that are derived from one accent, for one mode. */
export type AccentColors = {
  /** For text and lines: 4.5:1 on every background of the mode. */
  accent: string;
  /** For filled controls: 3:1 beside what is around them. */
  fill: string;
  fillHover: string;
  /** For text on a fill: 4.5:1. */
  onFill: string;
  /** Behind a chosen row. */
  selected: string;
};

export type Mode = 'light' | 'dark';

/** The backgrounds of tokens.css on which the accent stands as text: `--bg`, `--surface`, `--sunken`, `--hover`. */
export const BACKGROUNDS: Record<Mode, string[]> = {
  light: ['#f7f8fa', '#ffffff', '#f1f3f6', '#f2f4f8'],
  dark: ['#101216', '#171a20', '#0c0e12', '#1f242d'],
};
const SURFACE: Record<Mode, string> = { light: '#ffffff', dark: '#171a20' };

const TEXT_CONTRAST = 4.5;
const CONTROL_CONTRAST = 3;
const STEP = 0.01;
const HOVER_STEP = 0.05;
const SELECTED_SHARE = 0.1;

type Rgb = [number, number, number];
/** Lightness, and the two axes of colour, in OKLab. */
type Lab = [number, number, number];

const isHex = (text: string): boolean => /^#[0-9a-f]{6}$/i.test(text);

const toRgb = (hex: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as Rgb;

const toHex = (rgb: Rgb): string =>
  `#${rgb
    .map((part) =>
      Math.round(Math.min(1, Math.max(0, part)) * 255)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;

const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
const gamma = (part: number): number =>
  part <= 0.0031308 ? part * 12.92 : 1.055 * Math.max(0, part) ** (1 / 2.4) - 0.055;

/** The relative luminance of WCAG 2. */
function luminance(hex: string): number {
  const [red, green, blue] = toRgb(hex).map(linear) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast ratio of WCAG 2, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The lowest contrast of a colour with any background of the mode. */
export const contrastInMode = (hex: string, mode: Mode): number =>
  Math.min(...BACKGROUNDS[mode].map((background) => contrast(hex, background)));

// Björn Ottosson's OKLab, in which steps of lightness look even and keep the hue.
function toLab(hex: string): Lab {
  const [r, g, b] = toRgb(hex).map(linear) as Rgb;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromLab([lightness, a, b]: Lab): string {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return toHex(rgb.map(gamma) as Rgb);
}

function withLightness(hex: string, change: number): string {
  const [lightness, a, b] = toLab(hex);
  const next = Math.min(1, Math.max(0, lightness + change));
  // White and black have no hue.
  const share = next > 0.98 || next < 0.02 ? 0 : 1;
  return fromLab([next, a * share, b * share]);
}

/** The nearest colour of the same hue that fits: darker in the light mode, lighter in the dark one. */
function nearest(hex: string, mode: Mode, fits: (candidate: string) => boolean): string {
  const direction = mode === 'light' ? -STEP : STEP;
  for (let step = 0; step <= 100; step++) {
    const candidate = step === 0 ? hex.toLowerCase() : withLightness(hex, step * direction);
    if (fits(candidate)) return candidate;
  }
  return mode === 'light' ? '#000000' : '#ffffff';
}

function mixed(one: string, other: string, share: number): string {
  const from = toLab(other);
  const to = toLab(one);
  return fromLab(from.map((part, index) => part + (to[index]! - part) * share) as Lab);
}

/** Colours for text, fills and chosen rows, which all have the contrast that WCAG 2 AA asks for, from any accent. */
export function accentColors(accent: string, mode: Mode): AccentColors {
  const selected = mixed(accent, SURFACE[mode], SELECTED_SHARE);
  const fill = nearest(accent, mode, (candidate) => contrastInMode(candidate, mode) >= CONTROL_CONTRAST);
  const onFill = contrast(fill, '#ffffff') >= TEXT_CONTRAST ? '#ffffff' : '#000000';
  return {
    accent: nearest(
      accent,
      mode,
      (candidate) =>
        contrastInMode(candidate, mode) >= TEXT_CONTRAST && contrast(candidate, selected) >= TEXT_CONTRAST,
    ),
    fill,
    fillHover: withLightness(fill, onFill === '#ffffff' ? -HOVER_STEP : HOVER_STEP),
    onFill,
    selected,
  };
}

/** What the theme of the portal sets of the tokens. Undefined accents and radii leave them as they are. */
export type Look = { accent?: string | null | undefined; radius?: number | null | undefined };

/** The tokens of a look, to be set as custom properties of an element. */
export function lookTokens({ accent, radius }: Look): Record<`--${string}`, string> {
  const tokens: Record<`--${string}`, string> = {};
  if (accent && isHex(accent)) {
    const light = accentColors(accent, 'light');
    const dark = accentColors(accent, 'dark');
    const both = (name: keyof AccentColors): string => `light-dark(${light[name]}, ${dark[name]})`;
    tokens['--accent'] = both('accent');
    tokens['--accent-fill'] = both('fill');
    tokens['--accent-fill-hover'] = both('fillHover');
    tokens['--on-accent'] = both('onFill');
    tokens['--selected'] = both('selected');
  }
  if (radius !== null && radius !== undefined) tokens['--radius'] = `${radius}px`;
  return tokens;
}
