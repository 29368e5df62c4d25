import { z } from 'zod';
import { json, plainRoute, type Route } from './http/route.ts';
import type { Readiness } from './ports.ts';

const readiness = z
  .object({
    ready: z.boolean(),
    components: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })),
  })
  .meta({ id: 'Readiness' });

/** Anyone may ask, without a key: each answer would otherwise cost a query. */
const REMEMBERED_MS = 1_000;

export function healthRoutes(checks: Readiness): Route[] {
  const check = sharedCheck(checks);

  return [
    plainRoute({
      method: 'get',
      path: '/healthz',
      operationId: 'health',
      tag: 'Health',
      summary: 'Is the process alive?',
      access: 'open',
      responses: { 200: { description: 'It is', schema: z.object({ ok: z.literal(true) }) } },
      handle: () => json(200, { ok: true as const }),
    }),
    plainRoute({
      method: 'get',
      path: '/readyz',
      operationId: 'readiness',
      tag: 'Health',
      summary: 'Can it do its work, and what is missing?',
      access: 'open',
      responses: {
        200: { description: 'Everything is there', schema: readiness },
        503: { description: 'Something is missing', schema: readiness },
      },
      handle: async () => {
        const found = await check();
        return json(found.ready ? 200 : 503, found);
      },
    }),
  ];
}

/** One check at a time, whoever waits for it, and the next one only when its result is a second old. */
function sharedCheck(checks: Readiness): Readiness['check'] {
  let last: ReturnType<Readiness['check']> | undefined;
  const forget = (): void => {
    last = undefined;
  };
  return () => {
    last ??= checks.check().then(
      (found) => {
        setTimeout(forget, REMEMBERED_MS).unref();
        return found;
      },
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    return last;
  };
}
