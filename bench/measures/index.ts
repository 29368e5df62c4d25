import type { Scenario } from '../bench.ts';
import { bareEngine } from './bare-engine.ts';
import { barePipeline, barePipelineLatency } from './bare-pipeline.ts';
import { cluster } from './cluster.ts';
import { crash } from './crash.ts';
import { dashboard } from './dashboard.ts';
import { distance } from './distance.ts';
import { isolation } from './isolation.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { modes } from './modes.ts';
import { months } from './months.ts';
import { overload } from './overload.ts';
import { recovery } from './recovery.ts';
import { statistics } from './statistics.ts';
import { batches, throughput, ungrouped } from './throughput.ts';
import { tracing } from './tracing.ts';

/** All measures by the names for --only, in the order in which they run: what ratios refer to comes first. */
export const SCENARIOS: Record<string, Scenario> = {
  bare: barePipeline,
  'bare-latency': barePipelineLatency,
  engine: bareEngine,
  throughput,
  latency,
  modes,
  batch: batches,
  distance,
  cluster,
  crash,
  isolation: isolation({ perSecond: 40, seconds: 60, runByDefault: true, samples: 2 }),
  'isolation-long': isolation({
    perSecond: 20,
    seconds: 600,
    policy: { delays: ['10s', '10s', '20s', '20s'], timeout: '5s' },
    runByDefault: false,
    samples: 10,
  }),
  ...overload,
  recovery: recovery({ deliveries: 100_000, perSecond: 500 }),
  'recovery-short': recovery({ deliveries: 10_000, perSecond: 200 }),
  ungrouped,
  statistics,
  tracing,
  dashboard,
  memory,
  months,
};
