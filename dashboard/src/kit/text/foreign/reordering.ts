/** Bidirectional control characters (Unicode property `Bidi_Control`): what stands behind one may be shown in another order. */
const CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** These, and letters that are written from right to left. */
const REORDERS =
  /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]|[\ud802\ud803\ud83a\ud83b]/;

/** Whether a text may change the order of what stands beside it. */
export const reorders = (text: string): boolean => REORDERS.test(text);

/** `U+202E` */
const nameOf = (control: string): string =>
  `U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The parts of a text. `name`: of the one control character that the part is. */
export type TextPart = { text: string; name?: string };

export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: control, index } of text.matchAll(CONTROLS)) {
    if (index > from) parts.push({ text: text.slice(from, index) });
    parts.push({ text: control, name: nameOf(control) });
    from = index + 1;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** For what holds no elements, such as titles and options: `a[U+202E]b`. */
export const withNamedControls = (text: string): string =>
  text.replaceAll(CONTROLS, (control) => `[${nameOf(control)}]`);
