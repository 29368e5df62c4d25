export type AuditSubject = {
  /** What the call acts on, such as `endpoint`. */
  type: string;
  /** Null if the call creates it. */
  id: string | null;
  /** The project that the path names; null if it names none. */
  projectId: string | null;
};

/** Another name for the same objects. */
const ALIASES: Record<string, string> = { webhook: 'endpoint', listener: 'endpoint' };

/** Returns what a call acts on, by its path: `/v1/endpoints/{id}/pause` acts on the endpoint with that id. */
export function subjectOf(
  path: string,
  params: Record<string, string>,
  tenantProjectId: string | null,
): AuditSubject {
  const [, , collection = '', parameter = ''] = path.split('/');
  const name = singularOf(collection).replaceAll('-', '_');
  const type = ALIASES[name] ?? name;
  const id = params[/^\{(\w+)\}$/.exec(parameter)?.[1] ?? ''] ?? null;
  if (type !== 'project') return { type, id, projectId: null };
  // `/v1/project` is the project of the key.
  return { type, id: collection === 'project' ? tenantProjectId : id, projectId: id };
}

const singularOf = (collection: string): string => collection.replace(/ies$/, 'y').replace(/s$/, '');
