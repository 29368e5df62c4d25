import { isTemporalServerBuilt, TEMPORAL_SERVER_VERSION } from '../../../scripts/temporal-server.ts';

/** Ends the run before its first test: without a server all of them would fail, one after another. */
export default function requireTemporalServer(): void {
  if (isTemporalServerBuilt()) return;
  process.stderr.write(
    `\nThe Temporal server ${TEMPORAL_SERVER_VERSION} is not built, so no test was run.\n` +
      'Build it once with: npm run temporal-server (needs Go 1.26 and five to ten minutes).\n\n',
  );
  process.exit(1);
}
