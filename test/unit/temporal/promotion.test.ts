import { requireVersioning, VersioningUnavailable } from '../../../src/temporal/deployments/deployment.ts';
import { promotionOf } from '../../../src/temporal/deployments/promotion.ts';

const build = (buildId: string, wasCurrent: boolean) => ({ buildId, wasCurrent, isDraining: false });
const polledBy = (...builds: (string | null)[]) => new Set(builds);
const both = [build('A', true), build('B', true)];

test('a build that has never been current takes over from one that works', () => {
  const builds = [build('A', true), build('B', false)];

  expect(promotionOf('B', 'A', builds, polledBy('A', 'B'))).toBe('new');
  expect(promotionOf('A', null, [build('A', false)], polledBy('A', null))).toBe('new');
});

test('a build takes over only when it polls and the server knows it', () => {
  expect(promotionOf('B', 'A', [build('A', true), build('B', false)], polledBy('A'))).toBeNull();
  expect(promotionOf('B', 'A', [build('A', true)], polledBy('A', 'B'))).toBeNull();
});

test('of two builds that were both current before and both poll, neither takes over', () => {
  expect(promotionOf('A', 'B', both, polledBy('A', 'B'))).toBeNull();
  expect(promotionOf('B', 'A', both, polledBy('A', 'B'))).toBeNull();
  expect(promotionOf('A', 'A', both, polledBy('A', 'B'))).toBeNull();
});

test('an earlier build takes over when the current one has no workers left', () => {
  expect(promotionOf('A', 'B', both, polledBy('A'))).toBe('current build has no workers');
});

test('workers without a version take over only when the current build has no workers left', () => {
  expect(promotionOf(null, 'B', both, polledBy(null, 'B'))).toBeNull();
  expect(promotionOf(null, 'B', both, polledBy(null))).toBe('current build has no workers');
  expect(promotionOf('A', null, both, polledBy('A', null))).toBeNull();
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
