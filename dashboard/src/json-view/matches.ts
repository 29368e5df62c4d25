import type { Token } from './tokens.ts';

/** More are not marked: a letter comes a million times in a large body. */
export const MAX_MATCHES = 1_000;

/** A piece of a token; `match`: the number of the match that it belongs to. */
export type Piece = { kind: Token['kind']; text: string; match: number | undefined };

/** Where the text is found, whatever the case: start and end of each. */
export function matchesIn(text: string, find: string): [start: number, end: number][] {
  if (find === '') return [];
  const pattern = new RegExp(find.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gi');
  const found: [number, number][] = [];
  for (const match of text.matchAll(pattern)) {
    found.push([match.index, match.index + match[0].length]);
    if (found.length === MAX_MATCHES) break;
  }
  return found;
}

/** Cuts tokens at the ends of the matches, which may go over several of them. */
export function piecesOf(tokens: Token[], matches: [start: number, end: number][]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let next = 0;
  for (const { kind, text } of tokens) {
    let from = 0;
    while (from < text.length) {
      while (next < matches.length && matches[next]![1] <= at + from) next += 1;
      const [start, end] = matches[next] ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      const isInside = start <= at + from;
      const to = Math.min(text.length, (isInside ? end : start) - at);
      pieces.push({ kind, text: text.slice(from, to), match: isInside ? next : undefined });
      from = to;
    }
    at += text.length;
  }
  return pieces;
}
