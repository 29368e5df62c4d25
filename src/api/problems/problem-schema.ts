import { z } from 'zod';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';

const codes = Object.keys(PROBLEM_CODES) as [ProblemCode, ...ProblemCode[]];

export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'The URL that explains the code' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(codes),
    instance: z
      .string()
      .meta({ description: 'The id of the request; also in the response header `x-request-id`' }),
    errors: z.array(
      z.object({
        pointer: z.string().meta({ description: 'A JSON pointer into the body, or the name of a parameter' }),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'Problem', description: 'An error response (RFC 9457)' });
