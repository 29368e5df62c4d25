import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Instruction = { name: string; text: string };
export type Stage = { base: string; name: string; instructions: Instruction[] };

const root = join(__dirname, '../..');

/** The stages of the Dockerfile, with the defaults of its arguments. Knows the syntax that this Dockerfile uses. */
export function readDockerfile(): Stage[] {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8').replace(/^#.*\n/gm, '');
  const instructions = [...text.replaceAll('\\\n', ' ').matchAll(/^([A-Z]+) +(.*)$/gm)].map(
    ([, name, rest]): Instruction => ({ name: name!, text: rest!.replace(/ +/g, ' ') }),
  );
  const args = new Map<string, string>();
  const stages: Stage[] = [];
  for (const instruction of instructions) {
    const expanded = instruction.text.replace(/\$\{(\w+)\}/g, (_, name) => args.get(name) ?? '');
    if (instruction.name === 'ARG') args.set(...(expanded.split('=') as [string, string]));
    else if (instruction.name === 'FROM') {
      const [base, , name = 'image'] = expanded.split(' ');
      stages.push({ base: base!, name, instructions: [] });
    } else stages.at(-1)!.instructions.push({ ...instruction, text: expanded });
  }
  return stages;
}

/** `ENV` and the like of a stage; the last one counts. */
export const lastOf = ({ instructions }: Stage, name: string): string | undefined =>
  instructions.findLast((instruction) => instruction.name === name)?.text;

/** Whether .dockerignore lets a file into the build. The last pattern that matches decides. */
export function inBuildContext(): (path: string) => boolean {
  const rules = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => ({ included: line.startsWith('!'), pattern: line.replace(/^!/, '') }))
    .map(({ included, pattern }) => ({
      included,
      matches: new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(/|$)`),
    }));
  return (path) => rules.findLast(({ matches }) => matches.test(path))?.included ?? true;
}
