import type { BenchContext, Row, Scenario } from '../bench.ts';
import { ratio, type SubjectName } from '../figures.ts';
import { closedLoopOnce } from '../load/closed-loop.ts';
import { openLoopOnce } from '../load/open-loop.ts';
import { roundForCpu } from '../percentiles.ts';
import { FAN_OUTS } from './throughput.ts';

/** Events per second of the open loops that are compared. */
export const MODE_RATES = [20, 50, 200];

/** Both ways to make the first attempt beside each other and the bare pipeline. Measures what is not known yet. */
export const modes: Scenario = {
  title: 'First attempt by a workflow and express, beside the bare pipeline',
  runByDefault: true,
  takes: '9 min, or less than a minute after the measures of its figures',
  async run(bench) {
    for (const subject of ['bare pipeline', ...bench.firstAttempts] as const) await measure(bench, subject);
    return [...FAN_OUTS.flatMap((fanOut) => closedLoopRows(bench, fanOut)), ...openLoopRows(bench)];
  },
};

/** The closed loops come first, so the open loops meet compiled code. */
async function measure(bench: BenchContext, subject: SubjectName): Promise<void> {
  for (const fanOut of FAN_OUTS) await closedLoopOnce(bench, subject, fanOut);
  for (const perSecond of MODE_RATES) await openLoopOnce(bench, subject, perSecond);
}

function closedLoopRows({ figures: { closedLoops } }: BenchContext, fanOut: number): Row[] {
  const row = (figure: string, name: 'deliveredPerSecond' | 'totalCpuMs') =>
    comparison(`fan-out ${fanOut}: ${figure}`, (subject) => closedLoops.get(`${subject} ${fanOut}`)?.[name]);
  return [row('delivered/s', 'deliveredPerSecond'), row('CPU ms/delivery', 'totalCpuMs')];
}

function openLoopRows({ figures: { openLoops } }: BenchContext): Row[] {
  const row = (perSecond: number, figure: string, name: 'p50' | 'p95' | 'acceptP50' | 'acceptP95') =>
    comparison(`${perSecond}/s: ${figure} ms`, (subject) => openLoops.get(`${subject} ${perSecond}`)?.[name]);
  return [
    ...MODE_RATES.flatMap((rate) => [row(rate, 'end to end p50', 'p50'), row(rate, 'end to end p95', 'p95')]),
    ...[row(50, 'accept p50', 'acceptP50'), row(50, 'accept p95', 'acceptP95')],
  ];
}

/** `read` returns undefined for what is not measured. */
function comparison(figure: string, read: (subject: SubjectName) => number | undefined): Row {
  const [bare, workflow, express] = [read('bare pipeline'), read('workflow'), read('express')];
  const cell = (value: number | undefined) => (value === undefined ? '' : roundForCpu(value));
  return {
    '': figure,
    'bare pipeline': cell(bare),
    workflow: cell(workflow),
    express: cell(express),
    'express ÷ workflow': ratio(express, workflow),
    'workflow ÷ bare': ratio(workflow, bare),
    'express ÷ bare': ratio(express, bare),
  };
}
