import { requireVersioning, VersioningUnavailable } from '../../../src/temporal/deployments/deployment.ts';
import { isGone, lastPollOf, promotionOf } from '../../../src/temporal/deployments/promotion.ts';

const build = (buildId: string, wasCurrent: boolean) => ({ buildId, wasCurrent, isDraining: false });
const both = [build('A', true), build('B', true)];
const of = (current: string | null, builds = both) => ({ current, builds });
const seen = { isPolling: true, isCurrentGone: false };
const alone = { isPolling: true, isCurrentGone: true };

test('a build that has never been current takes over from one that works', () => {
  expect(promotionOf('B', of('A', [build('A', true), build('B', false)]), seen)).toBe('new');
  expect(promotionOf('A', of(null, [build('A', false)]), seen)).toBe('new');
});

test('a build takes over only when it polls and the server knows it', () => {
  const notSeen = { isPolling: false, isCurrentGone: true };
  expect(promotionOf('B', of('A', [build('A', true), build('B', false)]), notSeen)).toBeNull();
  expect(promotionOf('B', of('A', [build('A', true)]), seen)).toBeNull();
});

test('of two builds that were both current before and both poll, neither takes over', () => {
  expect(promotionOf('A', of('B'), seen)).toBeNull();
  expect(promotionOf('B', of('A'), seen)).toBeNull();
  expect(promotionOf('A', of('A'), seen)).toBeNull();
});

test('an earlier build takes over when the current one has no workers left', () => {
  expect(promotionOf('A', of('B'), alone)).toBe('current build has no workers');
});

test('workers without a version take over only when the current build has no workers left', () => {
  expect(promotionOf(null, of('B'), seen)).toBeNull();
  expect(promotionOf(null, of('B'), alone)).toBe('current build has no workers');
  expect(promotionOf('A', of(null), seen)).toBeNull();
});

/** What a server says: the builds it has seen polls of, and when, in seconds of its clock. */
const polls = (seconds: Record<string, number>) => ({
  lastPolls: new Map<string | null, number>(
    Object.entries(seconds).map(([buildId, at]) => [buildId, at * 1_000]),
  ),
});

test('a build is gone when no later poll of it has been seen for 90 s', () => {
  const said = polls({ A: 1_030, B: 1_000 });
  const first = lastPollOf('B', said, undefined, 0);
  const later = lastPollOf('B', polls({ A: 1_080, B: 1_000 }), first, 89_000);

  expect(isGone(later, said, 89_000)).toBe(false);
  expect(isGone(later, said, 90_000)).toBe(true);
  const again = lastPollOf('B', polls({ A: 1_080, B: 1_085 }), later, 89_000);
  expect(isGone(again, said, 90_000)).toBe(false);
});

test('a build is gone at once if another one has polled 90 s after it', () => {
  const said = polls({ A: 1_090, B: 1_000 });

  expect(isGone(lastPollOf('B', said, undefined, 0), said, 0)).toBe(true);
});

test('a server that has forgotten a build when it restarted does not make it gone at once', () => {
  const before = lastPollOf('B', polls({ A: 1_000, B: 1_000 }), undefined, 0);
  const restarted = polls({ A: 1_100 });
  const after = lastPollOf('B', restarted, before, 100_000);

  expect(isGone(after, restarted, 100_000)).toBe(false);
  expect(isGone(lastPollOf('B', restarted, after, 190_000), restarted, 190_000)).toBe(true);
});

const serverThatRejects = (error: Error) =>
  ({ workflowService: { setWorkerDeploymentCurrentVersion: () => Promise.reject(error) } }) as never;
const grpcError = (code: number, message: string) =>
  Object.assign(new Error(message), { code, details: message });

test('a server without versioning, or with versioning disabled, is refused in words', async () => {
  const missing = serverThatRejects(grpcError(12, 'unknown method'));
  const disabled = serverThatRejects(
    grpcError(7, 'Worker Deployment Versions are disabled on this namespace.'),
  );

  for (const server of [missing, disabled]) {
    const error = await requireVersioning(server, 'production').catch((error: unknown) => error);
    expect(error).toBeInstanceOf(VersioningUnavailable);
    expect((error as Error).message).toMatch(
      /no Worker Deployment Versioning in the namespace "production": unset POSTHORN_DEPLOYMENT/,
    );
  }
});

test('a server with versioning is not refused, whatever it says to the question', async () => {
  for (const error of [grpcError(5, 'Worker Deployment not found'), grpcError(7, 'no permission')])
    await expect(requireVersioning(serverThatRejects(error), 'production')).resolves.toBeUndefined();
});
