import { z } from 'zod';
import { json, plainRoute, type Route } from './http/route.ts';
import type { Readiness } from './ports.ts';

const readiness = z
  .object({
    ready: z.boolean(),
    components: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })),
  })
  .meta({ id: 'Readiness' });

/** Readiness needs no key, so without a cache anyone could cause a query with every request. */
const CACHE_MS = 1_000;

export function healthRoutes(checks: Readiness): Route[] {
  const check = cachedCheck(checks);

  return [
    plainRoute({
      method: 'get',
      path: '/healthz',
      operationId: 'health',
      tag: 'Health',
      summary: 'Check that the process is alive',
      access: 'open',
      responses: { 200: { description: 'The process is alive', schema: z.object({ ok: z.literal(true) }) } },
      handle: getHealth,
    }),
    plainRoute({
      method: 'get',
      path: '/readyz',
      operationId: 'readiness',
      tag: 'Health',
      summary: 'Check that the process can serve requests',
      access: 'open',
      responses: {
        200: { description: 'Every component is available', schema: readiness },
        503: { description: 'A component is unavailable', schema: readiness },
      },
      handle: getReadiness,
    }),
  ];

  async function getReadiness() {
    const result = await check();
    return json(result.ready ? 200 : 503, result);
  }
}

const getHealth = () => json(200, { ok: true as const });

/** Shares one check between concurrent callers, and its result for 1 s. A failed check is not cached. */
function cachedCheck(checks: Readiness): Readiness['check'] {
  let last: ReturnType<Readiness['check']> | undefined;
  const invalidate = (): void => {
    last = undefined;
  };
  return () => {
    last ??= checks.check().then(
      (result) => {
        setTimeout(invalidate, CACHE_MS).unref();
        return result;
      },
      (error: unknown) => {
        invalidate();
        throw error;
      },
    );
    return last;
  };
}
