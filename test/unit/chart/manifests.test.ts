import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CHART, VALUE_SETS, type ValueSet, valueFile } from './chart-files.ts';
import { KUBERNETES_VERSIONS, kubernetesValidator } from './kubernetes-schema.ts';
import { describeWithHelm, render, runHelm, template } from './render.ts';

const namesOf = (set: ValueSet): string[] =>
  render(set)
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .toSorted();

describeWithHelm('the chart', () => {
  test.each(VALUE_SETS)('passes the strict lint of Helm with the %s values', (set) => {
    const { code, stdout } = runHelm('lint', '--strict', CHART, '--values', valueFile(set));
    expect(stdout).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(code).toBe(0);
  });

  test.each(KUBERNETES_VERSIONS)('makes objects that are valid in Kubernetes %s', (version) => {
    const problemsOf = kubernetesValidator(version);
    for (const set of VALUE_SETS) {
      const manifests = render(set, '--kube-version', version);
      expect(manifests.length).toBeGreaterThan(6);
      expect(manifests.flatMap(problemsOf)).toEqual([]);
    }
    const [deployment] = render('minimal').filter(({ kind }) => kind === 'Deployment');
    const [misspelled, removed] = [structuredClone(deployment!), structuredClone(deployment!)];
    misspelled.spec.template.spec.terminationGracePeriod = 90;
    removed.spec.template.spec.containers[0].name = undefined;
    expect(problemsOf(misspelled)).toHaveLength(1);
    expect(problemsOf(removed)).not.toEqual([]);
  });

  test('makes the objects that the values ask for', () => {
    const always = [
      'Deployment hooks-posthorn-api',
      'Deployment hooks-posthorn-worker',
      'Pod hooks-posthorn-doctor',
      'Service hooks-posthorn',
      'Service hooks-posthorn-pods',
    ];
    const usual = [
      'Job hooks-posthorn-migrate',
      'NetworkPolicy hooks-posthorn-api',
      'NetworkPolicy hooks-posthorn-doctor',
      'NetworkPolicy hooks-posthorn-migrate',
      'NetworkPolicy hooks-posthorn-worker',
      'PodDisruptionBudget hooks-posthorn-api',
      'PodDisruptionBudget hooks-posthorn-worker',
      'ServiceAccount hooks-posthorn',
    ];
    const optional = [
      'HorizontalPodAutoscaler hooks-posthorn-api',
      'HorizontalPodAutoscaler hooks-posthorn-worker',
      'Ingress hooks-posthorn',
      'PrometheusRule hooks-posthorn',
      'ServiceMonitor hooks-posthorn',
    ];
    expect(namesOf('minimal')).toEqual([...always, ...usual].toSorted());
    expect(namesOf('production')).toEqual([...always, ...usual, ...optional].toSorted());
    const policies = ['api', 'doctor', 'migrate', 'worker'].map((name) => `NetworkPolicy hooks-${name}`);
    const renamed = always.map((name) => name.replace('hooks-posthorn', 'hooks'));
    expect(namesOf('cloud')).toEqual([...renamed, ...policies].toSorted());
  });

  test.each([
    ['no Secret', ['--set', 'secret.name='], 'secret.name is required'],
    ['no Temporal', ['--set', 'config.TEMPORAL_ADDRESS='], 'config.TEMPORAL_ADDRESS is required'],
    ['a secret among the values', ['--set', 'config.POSTHORN_ADMIN_KEY=x'], 'POSTHORN_ADMIN_KEY'],
    [
      'a variable in both places',
      ['--set', 'config.POSTHORN_EXTRA_CA=/a.pem', '--set', 'secret.keys.POSTHORN_EXTRA_CA=ca'],
      'POSTHORN_EXTRA_CA is in config and in secret.keys',
    ],
    [
      'an exception outside the public addresses',
      ['--set', 'networkPolicy.receivers.except={fd00::/8}'],
      'fd00::/8 is outside 2000::/3',
    ],
    ['an old Kubernetes', ['--kube-version', '1.26.0'], 'kubeVersion: >=1.27.0-0'],
  ])('is not rendered with %s', (_, settings, message) => {
    const { code, stderr } = template('minimal', ...settings);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  test('ships the alerts of deploy/prometheus, with the address of the documentation', () => {
    const text = readFileSync(join(CHART, '../../prometheus/posthorn.rules.yml'), 'utf8');
    const { groups } = parse(text.replaceAll('https://posthorn.example', 'https://docs.example.com'));
    const rule = render('production').find(({ kind }) => kind === 'PrometheusRule')!;
    expect(rule.spec.groups).toEqual(groups);
    const [monitor] = render('production').filter(({ kind }) => kind === 'ServiceMonitor');
    const job = monitor!.metadata.labels[monitor!.spec.jobLabel];
    const down = groups[0].rules.find(({ alert }: { alert: string }) => alert === 'PosthornTargetDown');
    expect(job).toMatch(new RegExp(/job=~"([^"]+)"/.exec(down.expr)![1]!));
  });

  test('has notes that say what is missing', () => {
    const minimal = notesOf('minimal');
    expect(minimal).toContain('kubectl --namespace webhooks port-forward service/hooks-posthorn 4000:80');
    expect(minimal).toMatch(/POSTHORN_PUBLIC_URL is not set.*\.to is empty/s);
    expect(notesOf('cloud')).toMatch(/migrate\.enabled is false.*One worker/s);
    const complete = notesOf('production');
    expect(complete).toContain('https://posthorn.example.com');
    expect(complete).not.toMatch(/is not set|is empty|is false|One worker/);
  });
});

/** Helm prints the notes only with a cluster. A copy of the chart renders them as a member of an object. */
function notesOf(set: ValueSet): string {
  const copy = mkdtempSync(join(tmpdir(), 'posthorn-chart-'));
  try {
    cpSync(CHART, copy, { recursive: true });
    renameSync(join(copy, 'templates/NOTES.txt'), join(copy, 'notes.txt'));
    writeFileSync(
      join(copy, 'templates/notes.yaml'),
      'notes: {{ tpl (.Files.Get "notes.txt") . | toJson }}\n',
    );
    const args = ['template', 'hooks', copy, '--namespace', 'webhooks', '--values', valueFile(set)];
    const { stdout, stderr } = runHelm(...args, '--show-only', 'templates/notes.yaml');
    expect(stderr).toBe('');
    return parse(stdout).notes;
  } finally {
    rmSync(copy, { recursive: true });
  }
}
