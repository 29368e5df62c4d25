// Run when the image is built, and by a worker that finds no bundle: its own event loop stays free meanwhile.
import { buildBundle, cachedBundle } from './workflow-bundle.ts';

if (!cachedBundle()) {
  await buildBundle();
  if (!cachedBundle()) process.exitCode = 3;
}
