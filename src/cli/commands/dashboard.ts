import type { Command } from 'commander';
import { readAdminKey } from '../../embedded/data-dir/running-installation.ts';
import { CommandFailure, type ConnectionOptions, connectionOf } from '../client/connection.ts';
import { openBrowser } from '../client/open-browser.ts';
import { formatTime } from '../client/output/times.ts';
import { createSignInLink, servesDashboard } from '../client/sign-in-link.ts';
import { print, readConfigOrExit } from '../terminal.ts';

type DashboardOptions = ConnectionOptions & { project?: string; json?: true; open: boolean };

export function registerDashboard(program: Command): void {
  program
    .command('dashboard')
    .description('print a link that signs in to the dashboard once, and open it')
    .option('--url <url>', 'URL of the API (default: POSTHORN_URL, else the API of "posthorn start")')
    .option(
      '--key <key>',
      'admin or project key (default: POSTHORN_KEY, else the admin key in the data folder)',
    )
    .option('--project <id>', 'the project that the link leads to')
    .option('--json', 'print one JSON object; always the case where the output is no terminal')
    .option('--no-open', 'do not open a browser')
    .action(runDashboard);
}

async function runDashboard(options: DashboardOptions): Promise<void> {
  const config = readConfigOrExit('dashboard');
  try {
    const readOwnKey = () => config.adminKey ?? readAdminKey(config.dataDir);
    const connection = connectionOf(options, process.env, config, readOwnKey);
    const link = await createSignInLink(connection, options.project);
    if (options.json || !process.stdout.isTTY) return print(JSON.stringify(link));
    print(`${link.url}\n\nSigns in once, until ${formatTime(link.expiresAt)}.`);
    if (!(await servesDashboard(connection.url)))
      return print(
        'This address does not serve the dashboard: see POSTHORN_UI, and build it with "npm start".',
      );
    if (options.open) openBrowser(link.url, process.env, process.platform);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    process.exitCode = error.exitCode;
    process.stderr.write(`posthorn dashboard: ${error.message}\n`);
  }
}
