import { z } from 'zod';
import { time } from '../http/validation/fields.ts';

export const erasure = z
  .object({
    id: z.string(),
    project: z.string(),
    kind: z.enum(['event', 'consumer', 'project']),
    subject: z.string().meta({ description: 'The id of the event, the consumer or the project' }),
    status: z.enum(['running', 'completed']),
    waitingFor: z.enum(['attempts', 'temporal']).nullable().meta({
      description:
        '`attempts`: attempts are under way and end first. `temporal`: Temporal does not respond, and its workflows are deleted when it does',
    }),
    eventsErased: z.int().min(0),
    workflowsDeleted: z.int().min(0).meta({ description: 'Workflows that Temporal no longer has' }),
    createdAt: time,
    completedAt: time.nullable(),
  })
  .meta({ id: 'Erasure' });

export type ErasureResponse = z.output<typeof erasure>;
