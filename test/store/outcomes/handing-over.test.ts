import { startOperationalWebhooks } from '../../../src/background/operational-webhooks.ts';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import {
  createOperationalProject,
  OPERATIONAL_PROFILE,
  operationalProjectOf,
} from '../../../src/store/operational/operational-project.ts';
import { eventually } from '../../set-up/eventually.ts';
import { seedStore } from '../seed.ts';

test('events that cannot be handed over do not hold back those of other owners, and are tried again', async () => {
  const store = await seedStore();
  const [refused, other] = [await store.newProject(), await store.newProject()];
  for (const project of [refused, other]) await createOperationalProject(store.pool, project);
  const tell = (project: string, count: number) =>
    store.pool.query(
      `INSERT INTO operational_events (project_id, type, data) SELECT $1, 'endpoint.failing', '{}' FROM generate_series(1, $2)`,
      [project, count],
    );
  await tell(refused, 60);
  await tell(other, 1);
  const accepted: string[] = [];
  let refuses = true;
  const webhooks = startOperationalWebhooks({
    pool: store.pool,
    acceptor: {
      acceptOne: async ({ projectId }) => {
        if (refuses && projectId === operationalProjectOf(refused)) throw new Error('too many posts wait');
        accepted.push(projectId);
        return { kind: 'batch_too_large' };
      },
    },
    profile: createShippedProfiles().get(OPERATIONAL_PROFILE)!,
    onFailure: () => {},
    intervalMs: 50,
  });

  await eventually(() => accepted.length === 1);
  expect(accepted).toEqual([operationalProjectOf(other)]);
  refuses = false;
  await eventually(() => accepted.length === 61);

  await webhooks.close();
  await store.drop();
});

test('a digest that fails does not hold back those of other owners, nor operational events', async () => {
  const store = await seedStore();
  const [failing, other] = [await store.newProject(), await store.newProject()];
  for (const project of [failing, other]) {
    await createOperationalProject(store.pool, project);
    await store.newEndpoint({ project: operationalProjectOf(project) });
    // The first project's has waited longer.
    await store.pool.query('INSERT INTO undeliverable_digests (project_id) VALUES ($1)', [project]);
    await store.pool.query(
      `INSERT INTO outcomes (project_id, kind, event_id, delivery_id, endpoint_id, status)
       VALUES ($1, 'delivery.undeliverable', 'evt_1', 'dlv_1', 'ep_1', 'undeliverable')`,
      [project],
    );
  }
  await store.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.project_id = '${failing}' THEN RAISE 'no digest'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON operational_events FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const accepted: string[] = [];
  const failures: unknown[] = [];
  const webhooks = startOperationalWebhooks({
    pool: store.pool,
    acceptor: {
      acceptOne: async ({ projectId }) => {
        accepted.push(projectId);
        return { kind: 'batch_too_large' };
      },
    },
    profile: createShippedProfiles().get(OPERATIONAL_PROFILE)!,
    onFailure: (error) => failures.push(error),
    intervalMs: 50,
  });

  await eventually(() => accepted.length === 1);
  expect(accepted).toEqual([operationalProjectOf(other)]);
  await store.pool.query('DROP TRIGGER refuse ON operational_events');
  await eventually(() => accepted.length === 2);
  expect(accepted[1]).toBe(operationalProjectOf(failing));
  expect(failures).toEqual([expect.objectContaining({ message: 'no digest' })]);

  await webhooks.close();
  await store.drop();
});
