// `npm run dev`: runs `posthorn start`, and restarts it when a source file changes.
import { join } from 'node:path';
import { runChild } from './run-child.mjs';
import { buildDashboard, installDependencies, nodeForSources, root } from './set-up.mjs';

// Folders rather than imported files: workflows and migrations are read at start without being imported.
const watchedPaths = ['src', 'activities', 'workflows', 'migrations'].map(
  (folder) => `--watch-path=${join(root, folder)}`,
);
// Otherwise Node reports imports as messages of worker threads, and the workflow threads of the Temporal SDK fail on them.
const withoutImportReports = '--import=data:text/javascript,delete process.env.WATCH_REPORT_DEPENDENCIES';

await installDependencies();
buildDashboard();
const program = [join(root, 'src/cli/program.ts'), 'start'];
process.exit(
  await runChild(nodeForSources(), [
    ...watchedPaths,
    '--watch-preserve-output',
    withoutImportReports,
    ...program,
  ]),
);
