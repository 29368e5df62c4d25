// `npm run helm`: builds Helm with Go, from the Go module proxy, for the tests of the chart.
import { buildFolder } from './build-folder.ts';
import { findHelm, HELM_VERSION, helmFolder } from './helm.ts';

/** As in Helm's own Makefile: without them it would take every cluster for Kubernetes 1.20. Version 3.18 is made for 1.33. */
const LINKED = ['k8sVersionMajor=1', 'k8sVersionMinor=33']
  .map((constant) => `-X helm.sh/helm/v3/pkg/chartutil.${constant}`)
  .join(' ');

const helm = { name: `Helm ${HELM_VERSION}`, folder: helmFolder(), takes: 'some minutes', go: '1.24' };

const found = findHelm();
if (found) console.log(`It is there already: ${found}`);
else {
  await buildFolder(helm, async (_, go) => {
    await go('install', '-ldflags', LINKED, `helm.sh/helm/v3/cmd/helm@${HELM_VERSION}`);
  });
}
