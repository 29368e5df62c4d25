/** The endpoints that have metrics of their own. */
export type EndpointSelection =
  | 'all'
  | {
      /** All endpoints of these projects. */
      projects: ReadonlySet<string>;
      endpoints: ReadonlySet<string>;
    };

/** So that what is listed uses up at most half of the endpoints that may have metrics. */
const MAX_LISTED = 500;
const ID = /^(?:prj|ep)_[a-z0-9]{26}$/;

/** Parses `all`, `off`, or ids of projects and endpoints. Returns null for `off`, undefined for what is none of these. */
export function parseEndpointSelection(text: string): EndpointSelection | null | undefined {
  if (text === 'off') return null;
  if (text === 'all') return 'all';
  const ids = new Set(text.split(',').map((id) => id.trim()));
  if (ids.size > MAX_LISTED || ![...ids].every((id) => ID.test(id))) return undefined;
  const isProject = (id: string) => id.startsWith('prj_');
  return {
    projects: new Set([...ids].filter(isProject)),
    endpoints: new Set([...ids].filter((id) => !isProject(id))),
  };
}
