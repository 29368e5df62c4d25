import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { version } from '../config/version.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Tracer } from '../observability/tracing/tracer.ts';
import { type Roles, roleNameOf } from './roles.ts';

export type Tracing = {
  /** Undefined if spans are not exported. */
  tracer: Tracer | undefined;
  sendsTraceparent: boolean;
  close(): Promise<void>;
};

/** Undefined if spans are not exported and no `traceparent` is sent: then nothing about traces is read or stored. */
export async function startTracing(
  { otlp, sendsTraceparent = false }: Config,
  roles: Roles,
  log: Logger,
  metrics: Metrics,
): Promise<Tracing | undefined> {
  if (!otlp) {
    if (!sendsTraceparent) return undefined;
    return { tracer: undefined, sendsTraceparent, close: async () => {} };
  }
  // Loaded only here, because most installations export no traces.
  const { startOtlpExport } = await import('../observability/tracing/otlp-export.ts');
  const { tracer, close } = startOtlpExport({
    ...otlp,
    version,
    resource: {
      'service.name': 'posthorn',
      'service.version': version,
      'service.instance.id': `${hostname()}/${process.pid}`,
      'posthorn.role': roleNameOf(roles),
    },
    onFailing: (reason) => log.warn({ reason }, 'spans cannot be exported to POSTHORN_OTLP_URL'),
    onWorking: () => log.info('spans are exported again'),
    onLost: (spans) => metrics.spansLost.inc(spans),
  });
  return { tracer, sendsTraceparent, close };
}
