export type Project = { id: string; key: string };

export type ApiClient = {
  url: string;
  /** Calls the API and returns the body; throws on any response that is not 2xx. */
  call<T>(key: string, method: string, path: string, body?: unknown): Promise<T>;
  newProject(policy: object): Promise<Project>;
  newEndpoint(project: Project, url: string, events: string[]): Promise<{ id: string; secret: string }>;
};

export function apiClient(url: string, adminKey: string): ApiClient {
  async function call<T>(key: string, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} returned ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  return {
    url,
    call,
    async newProject(policy) {
      const project = await call<Project>(adminKey, 'POST', '/v1/projects', { name: 'faults' });
      await call(project.key, 'PATCH', '/v1/project', { policy });
      return project;
    },
    newEndpoint: ({ key }, target, events) => call(key, 'POST', '/v1/endpoints', { url: target, events }),
  };
}
