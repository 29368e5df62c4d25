import { startTestApi, type TestApi } from './test-api.ts';

/** Returns a function that starts an API with some dependencies replaced; the API closes after the test. */
export function createApiPerTest(): (replace?: Parameters<typeof startTestApi>[0]) => Promise<TestApi> {
  const opened: TestApi[] = [];
  afterEach(async () => {
    for (const api of opened.splice(0)) await api.close();
  });
  return async (replace = {}) => {
    const api = await startTestApi(replace);
    opened.push(api);
    return api;
  };
}
