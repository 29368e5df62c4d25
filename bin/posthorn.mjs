#!/usr/bin/env node
// The command `posthorn`. It runs only from a clone or the image, because Node does not strip types in node_modules.
import { join } from 'node:path';
import { runChild } from './run-child.mjs';
import { installDependencies, isProduction, nodeForSources, root } from './set-up.mjs';

const cli = join(root, 'src/cli/program.ts');

await installDependencies();
const node = nodeForSources();
if (isProduction && node === process.execPath) {
  // In a container no child process: the container engine signals and watches this process.
  process.argv[1] = cli;
  await import(cli);
} else {
  process.exit(await runChild(node, [cli, ...process.argv.slice(2)]));
}
