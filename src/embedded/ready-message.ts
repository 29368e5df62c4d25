import type { Config } from '../config/config.ts';
import type { LocalSecrets } from './data-dir/local-secrets.ts';
import type { SampleReceiver } from './sample-receiver.ts';

/**
 * The output of `npm start`: the URLs, a link that signs in to the dashboard (null: it is not served), the API key, and a
 * command that delivers an event.
 */
export function formatReadyMessage(
  config: Config,
  secrets: LocalSecrets | null,
  receiver: SampleReceiver | null,
  signInLink: string | null,
): string {
  const { publicUrl } = config.http;
  const lines = [
    '',
    'Posthorn is ready.',
    `  API        ${publicUrl}        (documentation: ${publicUrl}/docs)`,
  ];
  if (signInLink) lines.push(`  Dashboard  ${signInLink}   (signs in once, within 10 minutes)`);
  if (config.temporal.uiUrl) lines.push(`  Web UI     ${config.temporal.uiUrl}`);
  if (secrets)
    lines.push(
      `  API key    ${secrets.projectKey}   (project "default", stored in ${config.dataDir}/api-key)`,
    );
  if (secrets && receiver && config.allowTargets.length === 0)
    lines.push(
      '',
      'Receivers on this machine are not allowed: see POSTHORN_ALLOW_TARGETS in docs/configuration.md.',
    );
  else if (secrets && receiver)
    lines.push(
      '',
      signInLink
        ? 'Deliver an event to the sample receiver, by clicks in the dashboard or with:'
        : 'Deliver an event to the sample receiver:',
      '',
      formatCurl(publicUrl, secrets, receiver),
    );
  return `${lines.join('\n')}\n`;
}

function formatCurl(
  publicUrl: string,
  { projectKey }: LocalSecrets,
  { url, secret }: SampleReceiver,
): string {
  const event = { type: 'render.completed', data: { job_id: 'job_abc123' }, target: { url, secret } };
  return [
    `curl -sS '${publicUrl}/v1/events?wait=10s' \\`,
    `  -H 'Authorization: Bearer ${projectKey}' -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify(event)}'`,
  ].join('\n');
}
