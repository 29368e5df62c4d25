import { printable } from './printable.ts';

export type Tone = 'good' | 'bad' | 'waiting' | 'dim' | 'strong';
/** A piece of text. It is escaped when it is written, so it may come from anybody. */
export type Span = string | { text: string; tone: Tone };
export type Line = Span[];

/** Aligns the cells of each column, with three spaces between columns. The last column is not padded. */
export function table(rows: Span[][], indent = ''): Line[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => textWidth(textOf(row[column] ?? '')))),
  );
  return rows.map((row) => [
    indent,
    ...row.flatMap((cell, column): Span[] =>
      column === row.length - 1
        ? [cell]
        : [cell, ' '.repeat(widths[column]! - textWidth(textOf(cell)) + GAP)],
    ),
  ]);
}

const GAP = 3;

/** The number of columns that a terminal uses for the text once it is escaped. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of printable(text)) width += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Combining marks; and characters that are two columns wide (Unicode, UAX 11). */
const MARK = /\p{M}/u;
const WIDE =
  /[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

const textOf = (span: Span): string => (typeof span === 'string' ? span : span.text);

const COLOURS: Record<Tone, [on: number, off: number]> = {
  good: [32, 39],
  bad: [31, 39],
  waiting: [33, 39],
  dim: [2, 22],
  strong: [1, 22],
};

/** The line as it is written: escaped, with colours if they are wanted, without spaces at its end. */
export function render(line: Line, coloured: boolean): string {
  const spans = line.map((span) => {
    const text = printable(textOf(span));
    if (!coloured || typeof span === 'string' || text === '') return text;
    const [on, off] = COLOURS[span.tone];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  });
  return spans.join('').trimEnd();
}
