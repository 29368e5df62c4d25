import pLimit from 'p-limit';
import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { messageOf } from '../../api/problem.tsx';
import { causeOf } from '../../delivery/causes.ts';
import { testEndpoint } from '../../endpoint/test/test-call.ts';

export type Act = 'test' | 'pause' | 'resume';

export const ACTS: Record<Act, { title: string; text: string }> = {
  test: {
    title: 'Test',
    text: 'Each gets the example of the first event type, marked as a test. What it answers within 10 s stands here.',
  },
  pause: {
    title: 'Pause',
    text: 'Deliveries that are due wait, and use no attempt, until the endpoint is resumed.',
  },
  resume: { title: 'Resume', text: 'Everything that waited is due now.' },
};

/** Calls under way at once: a page must not use up the rate of its project. */
const AT_ONCE = 4;

/** What became of each endpoint, in words. One that fails does not stop the others. */
export async function actOn(
  client: PosthornClient,
  act: Act,
  endpoints: Endpoint[],
): Promise<Map<string, string>> {
  const limit = pLimit(AT_ONCE);
  const one = (endpoint: Endpoint): Promise<string> =>
    act === 'test'
      ? answerTo(client, endpoint.id)
      : client.endpoints[act](endpoint.id).then(({ status }) => status);
  const results = await Promise.all(
    endpoints.map((endpoint) =>
      limit(async () => [endpoint.id, await one(endpoint).catch(messageOf)] as const),
    ),
  );
  return new Map(results);
}

async function answerTo(client: PosthornClient, endpoint: string): Promise<string> {
  const { attempt } = await testEndpoint(client, endpoint);
  return attempt ? causeOf(attempt) : 'has not answered within 10 s';
}
