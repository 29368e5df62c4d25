/** The scope of profiles that all projects share. The scope of a project's own profile is the id of the project. */
export const SHARED_SCOPE = '';

/** SQL: the scope in which a project finds the profile of this name: its own if it has one, otherwise the shared one. */
const scopeFor = (projectId: string, name: string): string =>
  `CASE WHEN EXISTS (SELECT FROM profiles own WHERE own.scope = ${projectId} AND own.name = ${name})
        THEN ${projectId} ELSE '${SHARED_SCOPE}' END`;

/** SQL: selects `columns` of all stored versions of the profile that a project finds under this name. */
export const profileVersions = (columns: string, projectId: string, name: string): string => `
  SELECT ${columns} FROM profiles WHERE scope = ${scopeFor(projectId, name)} AND name = ${name}`;

/** SQL: as profileVersions, but selects only the newest version. No row if no profile of that name is stored. */
export const newestProfile = (columns: string, projectId: string, name: string): string => `
  ${profileVersions(columns, projectId, name)} ORDER BY version DESC LIMIT 1`;

/**
 * SQL: whether `project` uses the profile of this scope and name, or will use it once it is stored. A shared profile does
 * not apply to a project that has its own one of that name.
 */
export const usesProfile = (project: string, scope: string, name: string): string => `
  ${project}.profile = ${name}
  AND CASE WHEN ${scope} = '${SHARED_SCOPE}'
           THEN NOT EXISTS (SELECT FROM profiles own WHERE own.scope = ${project}.id AND own.name = ${name})
           ELSE ${project}.id = ${scope} END`;
