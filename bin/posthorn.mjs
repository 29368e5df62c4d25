#!/usr/bin/env node
// The command `posthorn`. Node strips no types under node_modules, so this runs from a clone or the image only.
import { join } from 'node:path';
import { runChild } from './run-child.mjs';
import { installDependencies, isProduction, nodeForSources, root } from './set-up.mjs';

const cli = join(root, 'src/cli/program.ts');

await installDependencies();
const node = nodeForSources();
if (isProduction && node === process.execPath) {
  // In a container this process is the one that is signalled and watched: nothing stands between.
  process.argv[1] = cli;
  await import(cli);
} else {
  process.exit(await runChild(node, [cli, ...process.argv.slice(2)]));
}
