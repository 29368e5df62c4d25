import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

type Service = {
  image: string;
  command?: string[];
  ports?: string[];
  container_name?: string;
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  stop_grace_period?: string;
};

const root = join(__dirname, '../../..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: object };
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');

test('the compose file is valid by the schema of the compose specification', () => {
  const schema = JSON.parse(readFileSync(join(root, 'test/fixtures/compose-spec.schema.json'), 'utf8'));
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile({ ...schema, $schema: 'http://json-schema.org/draft-07/schema#' });

  validate(compose);

  expect(validate.errors ?? []).toEqual([]);
  expect(validate({ services: { api: { portz: [] } } })).toBe(false);
});

test('every image has a full version', () => {
  const images = [
    ...Object.values(compose.services).map(({ image }) => image),
    ...[...dockerfile.matchAll(/^ARG NODE_IMAGE=(\S+)/gm)].map(([, image]) => image!),
  ];
  expect(images.length).toBeGreaterThan(6);
  expect(dockerfile.match(/^FROM \S+/gm)).toEqual(Array(3).fill(`FROM \${NODE_IMAGE}`));
  for (const image of images) expect(image).toMatch(/:\d+\.\d+\.\d+(-\w+)*$|^postgres:\d+\.\d+(-\w+)*$/);
});

test('a worker has no name and no host port of its own, so that it can be scaled', () => {
  expect(compose.services.worker).not.toHaveProperty('container_name');
  expect(compose.services.worker).not.toHaveProperty('ports');
});

test('what is published is published on loopback only', () => {
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('no container of Posthorn is a target of another, whatever is allowed', () => {
  for (const name of ['api', 'worker']) {
    const { POSTHORN_DENY_TARGETS, POSTHORN_METRICS_PORT, POSTHORN_HEALTH_PORT } =
      compose.services[name]!.environment!;
    for (const port of [POSTHORN_METRICS_PORT, POSTHORN_HEALTH_PORT])
      for (const host of ['api', 'worker'])
        expect(POSTHORN_DENY_TARGETS!.split(',')).toContain(`${host}:${port}`);
  }
});

test('every process gets the public URL, which workers send in User-Agent', () => {
  for (const name of ['api', 'worker'])
    expect(compose.services[name]!.environment!.POSTHORN_PUBLIC_URL).toMatch(/^\$\{POSTHORN_PUBLIC_URL:-\}$/);
});

test('a worker is given longer to stop than its own grace of 75 s', () => {
  expect(Number.parseInt(compose.services.worker!.stop_grace_period!, 10)).toBeGreaterThan(75);
});

test('no secret has a default', () => {
  const values = Object.values(compose.services).flatMap(({ environment = {} }) =>
    Object.entries(environment),
  );
  const secrets = values.filter(([name]) => /PASSWORD|PWD|KEYS?$|DATABASE_URL/.test(name));
  expect(secrets.length).toBeGreaterThan(6);
  for (const [, value] of secrets) expect(value).toMatch(/\$\{\w+:\?[^}]+\}/);
});

test('api and worker wait for the migrations and for Temporal, whose schema waits for Postgres', () => {
  for (const name of ['api', 'worker']) {
    expect(compose.services[name]!.depends_on).toEqual({
      migrate: { condition: 'service_completed_successfully' },
      temporal: { condition: 'service_healthy' },
    });
  }
  expect(compose.services.temporal!.depends_on).toEqual({
    'temporal-schema': { condition: 'service_completed_successfully' },
  });
});

test('the image holds the bundle of its workflows, and its health check finds a worker on its health port', () => {
  expect(dockerfile.indexOf('RUN node src/temporal/bundle/write-workflow-bundle.ts')).toBeGreaterThan(
    dockerfile.indexOf('COPY workflows'),
  );
  expect(dockerfile).toMatch(/POSTHORN_HEALTH_PORT=\d+/);
  expect(compose.services.worker!.environment).toHaveProperty('POSTHORN_HEALTH_PORT');
});

test('the image runs as an unprivileged user, with production dependencies only and a health check', () => {
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).toContain('npm ci --omit=dev');
  expect(dockerfile).toMatch(/^HEALTHCHECK /m);
  expect(dockerfile).not.toMatch(/alpine/);
});
