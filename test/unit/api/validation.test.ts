import { newEvents } from '../../../src/api/events/event-schemas.ts';
import { parseBody } from '../../../src/api/http/validation/validation.ts';
import { invalidBody, problemJson } from '../../../src/api/problems/problem.ts';

const problemOf = (body: unknown) => {
  try {
    parseBody(newEvents, body);
  } catch (error) {
    return error;
  }
};

const withUnknown = (count: number) => ({
  type: 'a',
  data: 1,
  ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`x${n}`, 1])),
});

test('the first 100 errors are listed, and the detail has the number of the others', () => {
  const problem = problemOf({ events: [withUnknown(70), withUnknown(1_000), withUnknown(3)] }) as Error;

  expect(problem).toMatchObject({ code: 'invalid_body' });
  expect((problem as Error & { errors: unknown[] }).errors).toHaveLength(100);
  expect(problem.message).toMatch(/ 973 more errors are not listed\.$/);
});

test('exactly 100 errors are all listed', () => {
  const problem = problemOf({ events: [withUnknown(100)] });

  expect(problem).toMatchObject({
    errors: expect.arrayContaining([{ pointer: '/events/0/x99', detail: 'is unknown' }]),
    message: expect.not.stringContaining('more errors'),
  });
});

test('megabytes of unknown members get a response of kilobytes', () => {
  const problem = problemOf({ events: [withUnknown(500_000)] });

  expect(problemJson(problem as never, 'req_1', 'http://posthorn.test').length).toBeLessThan(20_000);
});

test('the limit also applies to errors that are not from a schema', () => {
  const errors = Array.from({ length: 999 }, (_, n) => ({ pointer: `/events/${n}/id`, detail: 'twice' }));

  expect(invalidBody(errors).errors).toHaveLength(100);
  expect(invalidBody(errors).message).toMatch(/ 899 more errors are not listed\.$/);
});
