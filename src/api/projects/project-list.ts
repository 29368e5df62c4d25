import { z } from 'zod';
import { listProjects } from '../../store/projects/projects.ts';
import { type ProjectFigures, readProjectFigures } from '../../store/statistics/read-project-figures.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { type Call, plainRoute, type Route } from '../http/route.ts';
import { pageQuery, pageSchema } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { projectResponse } from './project-response.ts';
import { listedProject } from './project-schemas.ts';

const listProjectsQuery = z.strictObject({
  ...pageQuery,
  figures: z.literal('24h').optional().meta({ description: 'Adds `figures` to each project' }),
});
/** No project: what the operator reads about all of them. */
const ADMIN = { projectId: '', consumer: null };

export function projectListRoute(readPool: TenantReadPool): Route {
  return plainRoute({
    method: 'get',
    path: '/v1/projects',
    operationId: 'listProjects',
    tag: 'Projects',
    summary: 'List projects, newest first',
    access: 'admin',
    query: listProjectsQuery,
    responses: { 200: { description: 'A page of projects', schema: pageSchema(listedProject) } },
    problems: ['invalid_cursor', ...READ_PROBLEMS],
    handle: handleListProjects,
  });

  async function handleListProjects({ query }: Call<{ query: typeof listProjectsQuery }>) {
    const { figures, ...page } = query;
    const db = readPool(ADMIN);
    const { items, next } = await listProjects(db, pageRequest('id', page));
    const ids = items.map(({ id }) => id);
    const figuresOf = figures ? await readProjectFigures(db, ids) : new Map<string, ProjectFigures>();
    const listed = items.map((one) => {
      const found = figuresOf.get(one.id);
      return { ...projectResponse(one), ...(found ? { figures: found } : {}) };
    });
    return pageResponse('id', listed, next);
  }
}
