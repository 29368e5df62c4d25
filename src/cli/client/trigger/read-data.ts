import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CommandFailure } from '../connection.ts';
import { parseExactly } from './exact-json.ts';

/** Reads what --data names: `-` is stdin, JSON is itself, anything else is a file. Throws a CommandFailure. */
export async function readData(source: string, stdin: NodeJS.ReadableStream): Promise<unknown> {
  if (source === '-') return parse(await text(stdin), 'stdin');
  const inline = tryParse(source);
  if (inline !== undefined) return inline.value;
  if (/^\s*[[{"]/.test(source)) throw new CommandFailure(2, '--data is not valid JSON.');
  const content = await readFile(source, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailure(2, `--data ${source} cannot be read: ${error.code}.`);
  });
  return parse(content, source);
}

function parse(content: string, source: string): unknown {
  const parsed = tryParse(content);
  if (parsed === undefined) throw new CommandFailure(2, `--data: ${source} is not valid JSON.`);
  return parsed.value;
}

function tryParse(content: string): { value: unknown } | undefined {
  try {
    return { value: parseExactly(content) };
  } catch {
    return undefined;
  }
}
