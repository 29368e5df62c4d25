import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, readConfig } from '../../../src/config/config.ts';
import { chart, root, VALUE_SETS } from './chart-files.ts';
import { type Container, describeWithHelm, type PodTemplate, podsOf, render } from './render.ts';

const SECRETS: Record<string, string> = {
  DATABASE_URL: 'postgres://posthorn:password@postgres:5432/posthorn',
  DATABASE_DIRECT_URL: 'postgres://posthorn:password@postgres:5432/posthorn',
  POSTHORN_ADMIN_KEY: randomBytes(24).toString('hex'),
  POSTHORN_ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  TEMPORAL_API_KEY: 'key',
  POSTHORN_EGRESS_PROXY: 'http://user:password@proxy:3128',
};
/** A file that is not mounted here. */
const UNREADABLE = 'POSTHORN_EXTRA_CA';

/** The environment of a container, with a value for each key of the Secret. */
const environmentOf = ({ env }: Container): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value }) => [name, value ?? SECRETS[name]!]));

const containerOf = (pod: PodTemplate | undefined): Container => pod!.spec.containers[0]!;
const configOf = (container: Container) => {
  const { [UNREADABLE]: _, ...environment } = environmentOf(container);
  return readConfig(environment, container.args[0] as Command);
};
/** The seconds that a constant of the sources stands for. */
const secondsIn = (pattern: RegExp): number => {
  const sources = globSync('src/**/*.ts', { cwd: root }).map((path) =>
    readFileSync(join(root, path), 'utf8'),
  );
  const [found, ...others] = sources.flatMap((text) => pattern.exec(text)?.[1] ?? []);
  expect(others).toEqual([]);
  return Number(found);
};

describeWithHelm('the pods of the chart', () => {
  test.each(VALUE_SETS)('have a configuration that Posthorn accepts, with the %s values', (set) => {
    for (const [component, pod] of Object.entries(podsOf(render(set)))) {
      const container = containerOf(pod);
      expect(container.args).toEqual([component]);
      const config = configOf(container);
      const ports = (container.ports ?? []).map(({ name, containerPort }) => [name, containerPort]);
      const expected = { http: config.http.port, metrics: config.metricsPort, health: config.healthPort };
      if (component === 'worker') Reflect.deleteProperty(expected, 'http');
      expect(Object.fromEntries(ports)).toEqual(
        component === 'api' || component === 'worker' ? expected : {},
      );
      expect(config.http.host).toBe('0.0.0.0');
    }
  });

  test('get each variable as it is in the values', () => {
    const { worker } = podsOf(render('production'));
    expect(environmentOf(containerOf(worker))).toMatchObject({
      POSTHORN_DATABASE_POOL: '20',
      POSTHORN_DRAIN_RATE: '10000',
      POSTHORN_LISTENERS: 'off',
      POSTHORN_UI: '',
      POSTHORN_ALLOW_PORTS: '443,8000-8999',
    });
    expect(environmentOf(containerOf(worker))).not.toHaveProperty('TEMPORAL_TLS_SERVER_CA');
    const { api } = podsOf(render('minimal', '--set', 'config.POSTHORN_SAMPLE_PORT=1000000'));
    expect(environmentOf(containerOf(api)).POSTHORN_SAMPLE_PORT).toBe('1000000');
  });

  test('get secrets by reference only, and the admin key only where it is compared', () => {
    const pods = podsOf(render('production'));
    for (const [component, pod] of Object.entries(pods)) {
      const env = containerOf(pod).env.filter(({ valueFrom }) => valueFrom);
      const references = Object.fromEntries(
        env.map(({ name, valueFrom }) => [name, valueFrom?.secretKeyRef]),
      );
      expect(references).toEqual({
        DATABASE_URL: { name: 'posthorn-secrets', key: 'database-url' },
        DATABASE_DIRECT_URL: { name: 'posthorn-secrets', key: 'database-direct-url' },
        POSTHORN_ENCRYPTION_KEYS: { name: 'posthorn-secrets', key: 'encryption-keys' },
        ...(component === 'api' && { POSTHORN_ADMIN_KEY: { name: 'posthorn-secrets', key: 'admin-key' } }),
      });
    }
    expect(Object.keys(pods).toSorted()).toEqual(['api', 'doctor', 'migrate', 'worker']);
  });

  test('have no rights that they do not need', () => {
    for (const set of VALUE_SETS)
      for (const pod of Object.values(podsOf(render(set)))) {
        expect(pod.spec.automountServiceAccountToken).toBe(false);
        expect(pod.spec.securityContext).toMatchObject({
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        });
        expect(containerOf(pod).securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
  });

  test('have longer to stop than the process takes', () => {
    const { api, worker } = podsOf(render('minimal'));
    expect(worker!.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      secondsIn(/SHUTDOWN_GRACE = '(\d+)s'/) + 10,
    );
    const drain = secondsIn(/graceMs = (\d+)_000/);
    const [, preStop] = containerOf(api).lifecycle!.preStop.exec.command;
    expect(Number(preStop)).toBeGreaterThanOrEqual(5);
    expect(api!.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(preStop) + drain + 10);
  });

  test('run the image of the version, or of a digest', () => {
    const imageOf = (...settings: string[]) => containerOf(podsOf(render('minimal', ...settings)).api).image;
    expect(imageOf()).toBe(`posthorn:${chart.appVersion}`);
    expect(imageOf('--set', 'image.tag=1.2.3')).toBe('posthorn:1.2.3');
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(imageOf('--set', `image.digest=${digest}`)).toBe(`posthorn@${digest}`);
  });

  test('the migration runs before anything is installed or replaced, as an account that exists then', () => {
    const job = render('minimal').find(({ kind }) => kind === 'Job')!;
    expect(job.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    expect(job.spec.template.spec).toMatchObject({ restartPolicy: 'Never' });
    expect(job.spec.template.spec).not.toHaveProperty('serviceAccountName');
    const given = render('cloud', '--set', 'migrate.enabled=true').find(({ kind }) => kind === 'Job')!;
    expect(given.spec.template.spec.serviceAccountName).toBe('webhooks');
  });
});
