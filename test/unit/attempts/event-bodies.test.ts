import { createEventBodies } from '../../../src/attempts/event-bodies.ts';
import { eventually } from '../../set-up/eventually.ts';

const MB = 1024 * 1024;
const inMs = (ms: number): number => performance.now() + ms;
const large = (eventId: string, bodyBytes: number, projectId = 'p') => ({ projectId, eventId, bodyBytes });

test('a body is read once for all concurrent users, and again after the last of them has ended', async () => {
  let reads = 0;
  const bodies = createEventBodies(async () => Buffer.alloc(++reads));
  const lengths = await Promise.all(
    [1, 2, 3].map(() => bodies.withBody(large('e', 10), inMs(1_000), async (body) => body.length)),
  );
  expect(lengths).toEqual([{ result: 1 }, { result: 1 }, { result: 1 }]);

  await bodies.withBody(large('e', 10), inMs(1_000), async () => {});

  expect(reads).toBe(2);
});

test('bodies beyond 64 MB wait for memory, and one project leaves half of it to the others', async () => {
  const bodies = createEventBodies(async () => Buffer.alloc(1));
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let held = 0;
  const hold = (event: ReturnType<typeof large>, until: number) =>
    bodies.withBody(event, until, async () => {
      held += 1;
      await ended;
    });
  const first = ['1', '2', '3'].map((id) => hold(large(id, 16 * MB), inMs(5_000)));
  await eventually(() => held === 2);

  const other = hold(large('1', 16 * MB, 'other'), inMs(5_000));
  await eventually(() => held === 3);
  expect(await hold(large('4', 16 * MB), inMs(20))).toBeNull();

  end();
  await Promise.all([...first, other]);
  expect(held).toBe(4);
});

test('an event that no longer exists or cannot be read holds no memory', async () => {
  let read: () => Promise<Buffer | null> = async () => null;
  const bodies = createEventBodies(() => read());

  expect(await bodies.withBody(large('e', 64 * MB), inMs(1_000), async () => {})).toBeNull();
  read = async () => {
    throw new Error('away');
  };
  await expect(bodies.withBody(large('e', 64 * MB), inMs(1_000), async () => {})).rejects.toThrow('away');
  read = async () => Buffer.alloc(1);

  expect(await bodies.withBody(large('e', 64 * MB), inMs(1_000), async () => 'read')).toEqual({
    result: 'read',
  });
});
