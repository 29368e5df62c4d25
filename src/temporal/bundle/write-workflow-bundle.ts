// Run when the image is built, and by a worker that finds no bundle: its own event loop stays free meanwhile.
import { keptBundle, makeBundle } from './workflow-bundle.ts';

if (!keptBundle()) {
  await makeBundle();
  if (!keptBundle()) process.exitCode = 3;
}
