import { z } from 'zod';
import { createCatalogue } from '../../catalogue/catalogue.ts';
import { formatDuration, parseDuration } from '../../policy/duration.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import { countConsumerlessOfProject } from '../../store/endpoints/consumerless-endpoints.ts';
import { secretsOfProject } from '../../store/endpoints/endpoint-secrets.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { listEventTypes } from '../../store/projects/event-types.ts';
import { newestProfileVersion } from '../../store/projects/profiles.ts';
import {
  findProject,
  insertProject,
  type ProjectChanges,
  updateProject,
} from '../../store/projects/projects.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { catalogueWarnings } from '../event-types/catalogue-warnings.ts';
import {
  type Call,
  json,
  plainRoute,
  type Route,
  type RouteResponse,
  type TenantCall,
  tenantRoute,
} from '../http/route.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { invalidBody, Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import { requireConsumers } from '../profiles/require-consumers.ts';
import { requireValidSecrets } from '../profiles/require-valid-secrets.ts';
import { storedFailureRules } from './failure-rules.ts';
import { projectResponse } from './project-response.ts';
import {
  type ChangedProjectResponse,
  changedProject,
  createdProject,
  newProject,
  type ProjectResponse,
  projectChanges,
  project as projectSchema,
} from './project-schemas.ts';

const DEFAULT_PROFILE = 'standard-webhooks';
const params = z.object({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) });
const tag = 'Projects';

export function projectRoutes(
  { pool, profiles, endpointStates, secretBox, clock, config }: ApiDependencies,
  db: Queryable,
  authentication: Authentication,
  readPool: TenantReadPool,
): Route[] {
  /** Null stands for a project that is about to be created, which has no profiles of its own. */
  const profileFor = async (projectId: string | null, name: string): Promise<CompiledProfile> => {
    const version = await newestProfileVersion(db, projectId, name);
    const found = await profiles.find(projectId, name, version);
    if (!found) throw invalidBody([{ pointer: '/profile', detail: 'is not the name of a profile' }]);
    return found;
  };

  const usableProfile = async (projectId: string, name: string): Promise<CompiledProfile> => {
    const profile = await profileFor(projectId, name);
    const { secretProblem, requiresConsumer } = profile;
    await requireConsumers(requiresConsumer, () => countConsumerlessOfProject(db, projectId));
    await requireValidSecrets(secretBox, secretProblem, clock, (after) =>
      secretsOfProject(db, projectId, after),
    );
    return profile;
  };

  /** Another profile may come with a different catalogue. */
  const warningsOf = async (id: string, profile: CompiledProfile | undefined): Promise<string[]> => {
    if (!profile) return [];
    const db = readPool({ projectId: id, consumer: null });
    const catalogue = createCatalogue(profile.eventTypes, await listEventTypes(db, id));
    return catalogueWarnings(db, id, catalogue);
  };

  const shippedPlans = (profile: string): string[] | null => profiles.shipped.get(profile)?.plans ?? null;

  const read = async (id: string): Promise<RouteResponse<ProjectResponse>> => {
    const found = await findProject(db, id);
    if (!found) throw new Problem('not_found');
    return json(200, projectResponse(found));
  };

  const change = async (
    id: string,
    changes: z.output<typeof projectChanges>,
  ): Promise<RouteResponse<ChangedProjectResponse>> => {
    requireShorterRetention(changes.payloadRetention ?? null, config.retentionMs);
    const profile = changes.profile === undefined ? undefined : await usableProfile(id, changes.profile);
    const changed = await mapOutage(updateProject(pool, id, storedChanges(changes), shippedPlans));
    if (!changed) throw new Problem('not_found');
    const { project, generation } = changed;
    authentication.invalidate(id);
    if (generation !== null)
      await mapOutage(endpointStates.applyPlans({ projectId: id, consumer: null, generation }));
    return json(200, { ...projectResponse(project), warnings: await warningsOf(id, profile) });
  };

  const problems: ProblemCode[] = ['secrets_refused', 'consumer_required', ...READ_PROBLEMS];
  const changedResponse = { 200: { description: 'The updated project', schema: changedProject } };
  const readResponse = { 200: { description: 'The project', schema: projectSchema } };
  const CHANGES =
    'Omitted members stay unchanged. The new settings apply to events posted from now on. If `plans` changes, deliveries to consumers that may no longer use webhooks are held, and those to consumers that may use them again are released.';

  return [
    plainRoute({
      method: 'post',
      path: '/v1/projects',
      operationId: 'createProject',
      tag,
      summary: 'Create a project and its first key',
      access: 'admin',
      body: newProject,
      responses: {
        201: { description: 'The project. The key is returned only once', schema: createdProject },
      },
      handle: createProject,
    }),
    plainRoute({
      method: 'get',
      path: '/v1/projects/{id}',
      operationId: 'getProject',
      tag,
      summary: 'Get a project',
      access: 'admin',
      params,
      responses: readResponse,
      handle: getProject,
    }),
    plainRoute({
      method: 'patch',
      path: '/v1/projects/{id}',
      operationId: 'changeProject',
      tag,
      summary: 'Update a project',
      description: CHANGES,
      access: 'admin',
      params,
      body: projectChanges,
      responses: changedResponse,
      problems,
      handle: changeProject,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/project',
      operationId: 'getOwnProject',
      tag,
      summary: 'Get the project of the key',
      access: 'project',
      responses: readResponse,
      handle: getOwnProject,
    }),
    tenantRoute({
      method: 'patch',
      path: '/v1/project',
      operationId: 'changeOwnProject',
      rateLimit: 'settingChanges',
      tag,
      summary: 'Update the project of the key',
      description: CHANGES,
      access: 'project',
      body: projectChanges,
      responses: changedResponse,
      problems,
      handle: changeOwnProject,
    }),
  ];

  async function createProject({
    body: { name, profile = DEFAULT_PROFILE },
  }: Call<{ body: typeof newProject }>) {
    const { plans } = await profileFor(null, profile);
    const project = { id: newId('prj', clock.now()), name, profile };
    const { key, hash } = authentication.newKey('ph');
    await insertProject(db, { ...project, plansInForce: plans }, { id: newId('key', clock.now()), hash });
    return json(201, { ...project, key });
  }

  function getProject({ params: { id } }: Call<{ params: typeof params }>) {
    return read(id);
  }

  function changeProject({
    params: { id },
    body,
  }: Call<{ params: typeof params; body: typeof projectChanges }>) {
    return change(id, body);
  }

  function getOwnProject({ tenant }: TenantCall) {
    return read(tenant.projectId);
  }

  function changeOwnProject({ tenant, body }: TenantCall<{ body: typeof projectChanges }>) {
    return change(tenant.projectId, body);
  }
}

function requireShorterRetention(payloadRetention: string | null, retentionMs: number): void {
  if (payloadRetention === null || parseDuration(payloadRetention)! * 1000 < retentionMs) return;
  const detail = `must be shorter than ${formatDuration(Math.floor(retentionMs / 1000))}, after which events are removed`;
  throw invalidBody([{ pointer: '/payloadRetention', detail }]);
}

const storedChanges = ({
  failures,
  payloadRetention,
  ...changes
}: z.output<typeof projectChanges>): ProjectChanges => ({
  ...(changes as ProjectChanges),
  ...(payloadRetention !== undefined && {
    payloadRetentionSeconds: payloadRetention === null ? null : parseDuration(payloadRetention)!,
  }),
  ...(failures !== undefined && { failureRules: failures && storedFailureRules(failures) }),
});
