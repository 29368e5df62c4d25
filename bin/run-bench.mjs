// `npm run bench`: installs missing dependencies and runs the benchmark with the given arguments (`-- --help`).
import { join } from 'node:path';
import { runChild } from './run-child.mjs';
import { buildDashboard, installDependencies, nodeForSources, root } from './set-up.mjs';

await installDependencies();
buildDashboard();
process.chdir(root);
process.exit(await runChild(nodeForSources(), [join(root, 'bench/run.ts'), ...process.argv.slice(2)]));
