import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { type RetryPolicy, serializePolicy } from '../../src/policy/retry-policy.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { endpointSecretsContext } from '../../src/store/endpoints/endpoints.ts';
import { insertEndpoint } from '../../src/store/endpoints/insert-endpoint.ts';
import type { EventDraft } from '../../src/store/events/event-draft.ts';
import { inTransaction } from '../../src/store/postgres/database.ts';
import { newId } from '../../src/store/postgres/ids.ts';
import { createTestDatabase, type TestDatabase } from '../set-up/servers/database.ts';
import { acceptEvents } from './accept-events.ts';

export const secretBox = createSecretBox([randomBytes(32)]);

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const POLICY: RetryPolicy = { delays: [60, 300, 1800, 7200], timeout: 15, jitter: 0 };

export type SeededStore = TestDatabase & {
  /** The default project. */
  project: string;
  newProject(): Promise<string>;
  newEndpoint(options?: {
    project?: string;
    url?: string;
    consumer?: string | null;
    events?: string[];
  }): Promise<string>;
  draft(changes?: Partial<EventDraft>): EventDraft;
  /** Stores an event and assigns its deliveries to `owner`, as a dispatcher with free slots does. */
  acceptEvent(owner: string | null, changes?: Partial<EventDraft>): Promise<{ event: string; ids: string[] }>;
  queryOne<T extends pg.QueryResultRow>(statement: string, values?: unknown[]): Promise<T>;
  deliveryOf(id: string): Promise<pg.QueryResultRow>;
  attemptsOf(id: string): Promise<pg.QueryResultRow[]>;
};

/** Creates a database with one project. */
export async function seedStore(): Promise<SeededStore> {
  const database = await createTestDatabase();
  const { pool } = database;
  const newProject = async () => {
    const id = newId('prj', Date.now());
    await pool.query(`INSERT INTO projects (id, name, profile) VALUES ($1, 'test', 'standard-webhooks')`, [
      id,
    ]);
    return id;
  };
  const project = await newProject();
  const queryOne = async <T extends pg.QueryResultRow>(statement: string, values: unknown[] = []) =>
    (await pool.query<T>(statement, values)).rows[0]!;
  const draft = (changes: Partial<EventDraft> = {}): EventDraft => ({
    projectId: project,
    id: newId('evt', Date.now()),
    type: 'render.completed',
    consumer: null,
    attributes: {},
    data: Buffer.from('{}'),
    body: Buffer.from('{"type":"render.completed","data":{}}'),
    contentHash: createHash('sha256').update('{}').digest(),
    profile: 'standard-webhooks',
    profileVersion: 1,
    policy: serializePolicy(POLICY),
    target: null,
    endpoint: null,
    test: false,
    createdAt: new Date(),
    ...changes,
  });

  return {
    ...database,
    project,
    newProject,
    async newEndpoint({
      project: owner = project,
      url = 'http://127.0.0.1:9/',
      consumer = null,
      events = ['*'],
    } = {}) {
      const id = newId('ep', Date.now());
      const secrets = secretBox.seal(JSON.stringify([SECRET]), endpointSecretsContext(owner, id));
      const rest = { url, events, consumer, description: null, headers: null, secrets };
      await inTransaction(pool, (client) => insertEndpoint(client, { id, projectId: owner, ...rest }));
      return id;
    },
    draft,
    async acceptEvent(owner, changes) {
      const event = draft(changes);
      const { deliveries } = await acceptEvents(pool, secretBox, [event], () => owner);
      return { event: event.id, ids: deliveries.map(({ id }) => id) };
    },
    queryOne,
    deliveryOf: (id) => queryOne('SELECT * FROM deliveries WHERE id = $1', [id]),
    attemptsOf: async (id) =>
      (await pool.query('SELECT * FROM attempts WHERE delivery_id = $1 ORDER BY number', [id])).rows,
  };
}
