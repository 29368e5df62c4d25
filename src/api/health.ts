import { z } from 'zod';
import type { Readiness } from './ports.ts';
import { json, plainRoute, type Route } from './route.ts';

const readiness = z
  .object({
    ready: z.boolean(),
    components: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })),
  })
  .meta({ id: 'Readiness' });

export function healthRoutes(checks: Readiness): Route[] {
  return [
    plainRoute({
      method: 'get',
      path: '/healthz',
      operationId: 'health',
      tag: 'Health',
      summary: 'Is the process alive?',
      access: 'open',
      answers: { 200: { description: 'It is', schema: z.object({ ok: z.literal(true) }) } },
      handle: () => json(200, { ok: true }),
    }),
    plainRoute({
      method: 'get',
      path: '/readyz',
      operationId: 'readiness',
      tag: 'Health',
      summary: 'Can it do its work, and what is missing?',
      access: 'open',
      answers: {
        200: { description: 'Everything is there', schema: readiness },
        503: { description: 'Something is missing', schema: readiness },
      },
      handle: async () => {
        const found = await checks.check();
        return json(found.ready ? 200 : 503, found);
      },
    }),
  ];
}
