import type { Info } from '@temporalio/activity';
import { idOfActivity, idOfClose } from '../../../packages/temporal/src/event-id.ts';

const info = (changes: Partial<Info> = {}): Info =>
  ({
    namespace: 'default',
    workflowExecution: { workflowId: 'order-1', runId: 'run-1' },
    activityId: '1',
    ...changes,
  }) as Info;

test('retries of an activity have the same id', () => {
  expect(idOfActivity(info({ attempt: 2 }))).toBe(idOfActivity(info({ attempt: 1 })));
});

test.each<Partial<Info>>([
  { namespace: 'other' },
  { workflowExecution: { workflowId: 'order-2', runId: 'run-1' } },
  { workflowExecution: { workflowId: 'order-1', runId: 'run-2' } },
  { activityId: '2' },
])('an activity with %j has another id', (changes) => {
  expect(idOfActivity(info(changes))).not.toBe(idOfActivity(info()));
});

test('each run has one id for its close, which is no id of an activity', () => {
  expect(idOfClose(info({ activityId: '2' }))).toBe(idOfClose(info()));
  expect(idOfClose(info({ activityId: 'close' }))).not.toBe(idOfActivity(info({ activityId: 'close' })));
  expect(idOfClose(info({ workflowExecution: { workflowId: 'order-1', runId: 'run-2' } }))).not.toBe(
    idOfClose(info()),
  );
});

test('the id of an activity that no workflow started is made of the run of the activity', () => {
  const { workflowExecution: _, ...alone } = info();
  expect(idOfActivity({ ...alone, activityRunId: 'a' })).not.toBe(
    idOfActivity({ ...alone, activityRunId: 'b' }),
  );
});

test('an id is one that Posthorn accepts, however long the id of the workflow is', () => {
  const id = idOfActivity(info({ workflowExecution: { workflowId: '/ä'.repeat(500), runId: 'run-1' } }));
  expect(id).toMatch(/^wf_[0-9a-f]{40}$/);
});
