import type { StartWorkflow } from '../../../src/dispatch/workflow-starter.ts';
import { deserializePolicy } from '../../../src/policy/retry-policy.ts';
import { maxDeliveriesOf } from '../../../src/policy/workflow-size.ts';
import type { Assignment } from '../../../src/store/deliveries/assignments/assignment.ts';
import type { FakeDeliveries } from './fake-deliveries.ts';

/** `lost response`: the workflow has started, and the call fails all the same. */
export type StartResult = 'started' | 'id in use' | 'failed' | 'lost response';

type Call = { assignment: Assignment; settle: (result: StartResult) => void };

/** A Temporal whose responses the test chooses. Throws if a workflow is started that must not be. */
export class FakeTemporal {
  isAvailable = true;
  /** Set to respond to each call at once. */
  autoRespond = false;
  readonly calls: Call[] = [];
  readonly running: Assignment[] = [];
  readonly violations: string[] = [];
  readonly #deliveries: FakeDeliveries;
  readonly called = new Set<string>();
  /** Workflows of which the caller knows that they have started. */
  readonly confirmed = new Set<string>();

  constructor(deliveries: FakeDeliveries) {
    this.#deliveries = deliveries;
  }

  starter = (): StartWorkflow | null => (this.isAvailable ? this.#start : null);

  #start: StartWorkflow = (assignment) => {
    const { workflowId, deliveries } = assignment;
    if (this.called.has(workflowId)) this.violations.push(`${workflowId} is started twice`);
    this.called.add(workflowId);
    if (deliveries.length === 0 || deliveries.length > maxDeliveriesOf(deserializePolicy(assignment.policy)))
      this.violations.push(`${deliveries.length} deliveries`);
    for (const { id } of deliveries) {
      const row = this.#deliveries.rows.get(id);
      // Its owner changes only by a release, so a delivery of two calls would not be owned by the second.
      if (row?.owner !== workflowId) this.violations.push(`${id} is started without being owned`);
      const { projectId, policy, lane } = row ?? {};
      if (projectId !== assignment.projectId || policy !== assignment.policy || lane !== assignment.lane)
        this.violations.push(`${id} is in the wrong group`);
    }
    return new Promise((resolve, reject) => {
      const settle = (result: StartResult) => {
        if (result === 'started' || result === 'lost response') this.running.push(assignment);
        if (result === 'started') this.confirmed.add(workflowId);
        if (result === 'started') resolve('started');
        else if (result === 'id in use') resolve('id_in_use');
        else reject(new Error(`Temporal: ${result}`));
      };
      if (this.autoRespond) settle('started');
      else this.calls.push({ assignment, settle });
    });
  };

  respond(dice: number, result: StartResult): void {
    this.calls.splice(dice % this.calls.length, 1)[0]?.settle(result);
  }

  /** A worker claims what is due of a workflow, which goes on until it owns nothing. Returns the id that it reports. */
  claim(dice: number): string | null {
    const [workflow] = this.running.splice(dice % this.running.length, 1);
    if (!workflow) return null;
    const rows = workflow.deliveries.map(({ id }) => this.#deliveries.rows.get(id)!);
    const owned = rows.filter(({ owner, isClaimed }) => owner === workflow.workflowId && !isClaimed);
    const due = owned.filter(({ dueAt }) => dueAt <= performance.now());
    for (const row of due) row.isClaimed = true;
    if (due.length < owned.length) this.running.push(workflow);
    return workflow.workflowId;
  }
}
