// The image build runs this script, and so does a worker without a cached bundle, to keep its own event loop free.
import { buildBundle, cachedBundle } from './workflow-bundle.ts';

if (!cachedBundle()) {
  await buildBundle();
  if (!cachedBundle()) process.exitCode = 3;
}
