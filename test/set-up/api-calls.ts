import type { TestApi } from './test-api.ts';

type Json = Record<string, unknown>;
type ListBody = Json & { items: Json[]; nextCursor: string | null };
type Call = (
  method: string,
  path: string,
  key: string,
  body?: unknown,
) => Promise<{ status: number; body: ListBody }>;

export type ApiCalls = {
  call: Call;
  /** One member of each item, over all pages of at most `limit` items. */
  allPages(path: string, key: string, limit: number, member?: string): Promise<unknown[]>;
};

/** Calls with a key, which return only the status and the body. */
export function createApiCalls(api: TestApi): ApiCalls {
  const call: Call = async (method, path, key, body) => {
    const response = await api.call(method, path, { key, body });
    return { status: response.status, body: response.body as ListBody };
  };

  return {
    call,
    async allPages(path, key, limit, member = 'id') {
      const found: unknown[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await call('GET', `${path}?limit=${limit}${cursor}`, key);
        expect(body.items.length).toBeLessThanOrEqual(limit);
        found.push(...body.items.map((item) => item[member]));
        if (body.nextCursor === null) return found;
        cursor = `&cursor=${body.nextCursor}`;
      }
    },
  };
}
