#!/usr/bin/env node
// The command `posthorn`. In a clone and in the image it runs the sources. The package that npm installs has them compiled
// (build-package.mjs), because Node does not strip types in node_modules.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runChild } from './run-child.mjs';
import {
  buildDashboard,
  installDependencies,
  isProduction,
  nodeForSources,
  requireNode,
  root,
} from './set-up.mjs';

const sources = join(root, 'src/cli/program.ts');
const compiled = join(root, 'build/src/cli/program.js');
// During `npm pack`, a clone has both.
const isPackage = existsSync(compiled) && !existsSync(sources);
const cli = isPackage ? compiled : sources;

if (isPackage) {
  requireNode();
  process.argv[1] = cli;
  await import(pathToFileURL(cli).href);
} else await runSources();

async function runSources() {
  await installDependencies();
  if (process.argv[2] === 'start') buildDashboard();
  const node = nodeForSources();
  if (isProduction && node === process.execPath) {
    // In a container no child process: the container engine signals and watches this process.
    process.argv[1] = cli;
    await import(cli);
  } else {
    process.exit(await runChild(node, [cli, ...process.argv.slice(2)]));
  }
}
