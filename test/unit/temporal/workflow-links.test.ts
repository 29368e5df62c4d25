import type { TemporalGateway } from '../../../src/temporal/gateway.ts';
import { createWorkflowLinks } from '../../../src/temporal/workflow-links.ts';

const UI_URL = 'http://localhost:8233/';

/** Links whose Temporal resolves runs with `runOf`, and the ids that it was called with. */
function createLinks(runOf: (workflowId: string) => Promise<string | null>) {
  const calls: string[] = [];
  const gateway = {
    runOf: (workflowId: string) => {
      calls.push(workflowId);
      return runOf(workflowId);
    },
  } as Partial<TemporalGateway> as TemporalGateway;
  return { calls, links: createWorkflowLinks(UI_URL, 'default', () => gateway) };
}

test('a link leads to the run of the workflow, and Temporal is called once for it', async () => {
  const { links, calls } = createLinks(async () => 'run-1');
  const url = 'http://localhost:8233/namespaces/default/workflows/a%2Fb/run-1/history';

  expect([await links.urlOf('a/b'), await links.urlOf('a/b')]).toEqual([url, url]);
  expect(calls).toEqual(['a/b']);
});

test('Temporal is not called for a run that this process has started', async () => {
  const { links, calls } = createLinks(async () => null);
  links.rememberRun('a', 'run-2');

  expect(await links.urlOf('a')).toBe('http://localhost:8233/namespaces/default/workflows/a/run-2/history');
  expect(calls).toEqual([]);
});

test('a workflow that Temporal does not have has no link', async () => {
  const { links, calls } = createLinks(async () => null);

  expect([await links.urlOf('a'), await links.urlOf('a')]).toEqual([null, null]);
  expect(calls).toEqual(['a']);
});

test('while Temporal does not respond, a link leads to the latest run, and the next one calls Temporal again', async () => {
  const { links, calls } = createLinks(() => new Promise(() => {}));
  const url = 'http://localhost:8233/namespaces/default/workflows/a';

  expect([await links.urlOf('a'), await links.urlOf('a')]).toEqual([url, url]);
  expect(calls).toEqual(['a', 'a']);
});

test('without the URL of a Web UI there are no links', async () => {
  expect(await createWorkflowLinks(undefined, 'default', () => null).urlOf('a')).toBeNull();
});
