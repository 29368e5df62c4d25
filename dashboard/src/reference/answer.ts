import { prettyTokens } from '../json-view/tokens.ts';

/** More of an answer is not shown. */
const MAX_SHOWN_CHARACTERS = 200_000;

/** Reads the body as it comes, calls `onText` with all of it so far, and ends after `MAX_SHOWN_CHARACTERS`. Streams never end. */
export async function readBody(response: Response, onText: (text: string) => void): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    if (text.length > MAX_SHOWN_CHARACTERS) {
      await reader.cancel();
      return `${text.slice(0, MAX_SHOWN_CHARACTERS)}\n… more is not shown`;
    }
    onText(text);
  }
  return text;
}

/** JSON is indented, its numbers unharmed; anything else stays as it is. */
export const indented = (text: string): string =>
  prettyTokens(text)
    ?.map((token) => token.text)
    .join('') ?? text;

export const headersOf = (response: Response): string =>
  [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
