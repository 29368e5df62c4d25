import { readConfig } from '../../../src/config/config.ts';
import { formatReadyMessage } from '../../../src/embedded/ready-message.ts';

const config = readConfig({}, 'start');

test('the greeting has the link that signs in, if there is one', () => {
  const link = 'http://127.0.0.1:4000/dashboard/#code=psc_1';
  expect(formatReadyMessage(config, null, null, link)).toContain(`  Dashboard  ${link} `);
  expect(formatReadyMessage(config, null, null, null)).not.toContain('Dashboard');
});
