// `npm run helm`: builds Helm with Go, from the Go module proxy, for the tests of the chart.
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { withProgressLog } from '../src/embedded/processes/progress-log.ts';
import { ProgramFailed, runInProcessGroup } from '../src/embedded/processes/run-in-group.ts';
import { findHelm, HELM_VERSION, helmFolder } from './helm.ts';

/** As in Helm's own Makefile: without them it would take every cluster for Kubernetes 1.20. Version 3.18 is made for 1.33. */
const LINKED = ['k8sVersionMajor=1', 'k8sVersionMinor=33']
  .map((constant) => `-X helm.sh/helm/v3/pkg/chartutil.${constant}`)
  .join(' ');

const found = findHelm();
if (found) console.log(`It is there already: ${found}`);
else await build();

/** Builds in a temporary folder and renames it, so that an unfinished build is never used. */
async function build(): Promise<void> {
  const folder = helmFolder();
  mkdirSync(dirname(folder), { recursive: true });
  const partial = mkdtempSync(`${folder}.partial-`);
  // In an empty folder and without a workspace, so that no go.mod or go.work of a parent folder applies.
  const env = { ...process.env, GOBIN: partial, GOWORK: 'off', GOFLAGS: '' };
  try {
    await withProgressLog(console.log, `Building Helm ${HELM_VERSION} with Go (once, some minutes)`, () =>
      runInProcessGroup('go', ['install', '-ldflags', LINKED, `helm.sh/helm/v3/cmd/helm@${HELM_VERSION}`], {
        cwd: partial,
        env,
      }),
    );
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
    console.log(`Built: ${folder}`);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    console.error(error instanceof ProgramFailed ? `${error.message}\n${error.output}` : error);
    console.error(`Helm ${HELM_VERSION} could not be built. It needs Go 1.24 or later on PATH.`);
    process.exitCode = 1;
  }
}
