import { type Command, readConfig } from '../../../src/config/config.ts';
import { DENIED_IPV4, DENIED_IPV6 } from '../../../src/egress/addresses/address-guard.ts';
import { describeWithHelm, type Manifest, podsOf, render } from './render.ts';

type Peer = { ipBlock?: { cidr: string; except?: string[] } };
type Rule = {
  to?: Peer[];
  from?: Peer[];
  ports?: { protocol: string; port: number | string; endPort?: number }[];
};

const byName = (manifests: Manifest[], kind: string, name: string): Manifest =>
  manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)!;
const policyOf = (manifests: Manifest[], component: string): { ingress: Rule[]; egress: Rule[] } =>
  manifests.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.endsWith(component))!
    .spec as never;
const receiverRules = ({ egress }: { egress: Rule[] }): Rule[] =>
  egress.filter(({ to }) => to?.some(({ ipBlock }) => ipBlock?.cidr === '0.0.0.0/0'));
const portsOf = (rules: Rule[]) => rules.flatMap(({ ports }) => (ports ?? []).map(({ port }) => port));

describeWithHelm('the network of the chart', () => {
  test('workers may reach the public addresses that the guard allows, and no others', () => {
    const [rule, ...others] = receiverRules(policyOf(render('minimal'), 'worker'));
    expect(rule).toEqual({
      to: [
        { ipBlock: { cidr: '0.0.0.0/0', except: DENIED_IPV4 } },
        { ipBlock: { cidr: '2000::/3', except: DENIED_IPV6 } },
      ],
    });
    expect(others).toEqual([]);
  });

  test('workers may reach allowed targets at allowed ports, but not networks that are excepted', () => {
    const [rule] = receiverRules(policyOf(render('production'), 'worker'));
    const blocks = rule!.to!.map(({ ipBlock }) => ipBlock!);
    expect(blocks.map(({ cidr }) => cidr)).toEqual(['0.0.0.0/0', '2000::/3', '10.20.0.0/16', 'fd00:20::/32']);
    expect(blocks[0]!.except).toEqual([...DENIED_IPV4, '198.18.5.0/24']);
    expect(blocks[1]!.except).toEqual([...DENIED_IPV6, '2a00:1234::/32']);
    expect(rule!.ports).toEqual([
      { protocol: 'TCP', port: 443 },
      { protocol: 'TCP', port: 8000, endPort: 8999 },
    ]);
  });

  test('only workers reach receivers, and with a proxy nobody does', () => {
    for (const component of ['api', 'migrate', 'doctor'])
      expect(receiverRules(policyOf(render('minimal'), component))).toEqual([]);
    const worker = policyOf(render('cloud'), 'worker');
    expect(receiverRules(worker)).toEqual([]);
    expect(worker.egress.at(-1)).toMatchObject({ to: [{ ipBlock: { cidr: '10.9.0.5/32' } }] });
  });

  test('processes reach DNS, Postgres and Temporal, and the migration only what it needs', () => {
    const manifests = render('production');
    expect(portsOf(policyOf(manifests, 'api').egress)).toEqual([53, 53, 5432, 6432, 7233, 443]);
    expect(portsOf(policyOf(manifests, 'doctor').egress)).toEqual([53, 53, 5432, 6432, 7233, 443]);
    expect(portsOf(policyOf(manifests, 'migrate').egress)).toEqual([53, 53, 5432, 6432]);
    expect(
      portsOf(policyOf(render('minimal', '--set', 'config.TEMPORAL_ADDRESS=t:443'), 'api').egress),
    ).toContain(443);
    const [, postgres, temporal] = policyOf(manifests, 'worker').egress;
    expect(postgres!.to).toEqual([{ ipBlock: { cidr: '10.1.2.3/32' } }]);
    expect(temporal!.to).toHaveLength(1);
  });

  test('processes with traces reach the collector, at the port of its URL or those that are given', () => {
    const collectorOf = (component: string, ...args: string[]) => {
      const [, , , ...others] = policyOf(render('cloud', ...args), component).egress;
      return others.filter(({ to }) => !to?.some(({ ipBlock }) => ipBlock));
    };
    for (const component of ['api', 'worker', 'doctor']) {
      expect(collectorOf(component)).toEqual([]);
      for (const [url, port] of [
        ['http://collector.observability:4318', 4318],
        ['http://collector-80.observability/otlp', 80],
        ['https://collector.example.com/otlp:1', 443],
        ['http://[fd00::1]:4318/', 4318],
        ['http://[fd00::1]', 80],
      ])
        expect(collectorOf(component, '--set-string', `config.POSTHORN_OTLP_URL=${url}`)).toEqual([
          { ports: [{ protocol: 'TCP', port }] },
        ]);
      const to = [{ podSelector: { matchLabels: { app: 'collector' } } }];
      expect(
        collectorOf(
          component,
          '--set=config.POSTHORN_OTLP_URL=http://collector',
          '--set-json',
          `networkPolicy.collector=${JSON.stringify({ to, ports: [4318, 4319] })}`,
        ),
      ).toEqual([
        {
          to,
          ports: [
            { protocol: 'TCP', port: 4318 },
            { protocol: 'TCP', port: 4319 },
          ],
        },
      ]);
    }
    expect(portsOf(policyOf(render('production'), 'migrate').egress)).not.toContain(443);
  });

  test('others reach the API and the metrics, by the ports of the containers', () => {
    const manifests = render('production');
    expect(portsOf(policyOf(manifests, 'api').ingress)).toEqual(['http', 'metrics']);
    expect(portsOf(policyOf(manifests, 'worker').ingress)).toEqual(['metrics']);
    expect(policyOf(manifests, 'migrate').ingress).toEqual([]);
    for (const { ingress } of [policyOf(manifests, 'api'), policyOf(manifests, 'worker')])
      for (const { from } of ingress) expect(from).toHaveLength(1);
  });

  test('no server of the installation is a target, whatever is allowed', () => {
    for (const pod of Object.values(podsOf(render('production')))) {
      const { env, args } = pod.spec.containers[0]!;
      const targets = env.find(({ name }) => name === 'POSTHORN_DENY_TARGETS')!.value!;
      expect(targets.split(',')).toEqual([
        'hooks-posthorn.webhooks.svc:80',
        'hooks-posthorn-pods.webhooks.svc:8080',
        'hooks-posthorn-pods.webhooks.svc:8081',
        'hooks-posthorn-pods.webhooks.svc:8082',
        'temporal-ui.temporal:8080',
      ]);
      const servers = { TEMPORAL_ADDRESS: 't:7233', DATABASE_URL: 'postgres://p/d' };
      const keys = {
        POSTHORN_ADMIN_KEY: 'x'.repeat(32),
        POSTHORN_ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64'),
      };
      const config = readConfig({ ...servers, ...keys, POSTHORN_DENY_TARGETS: targets }, args[0] as Command);
      expect(config.denyTargets).toHaveLength(5);
    }
  });

  test('Services, budgets, autoscalers and the monitor select what they are for', () => {
    const manifests = render('production');
    const pods = podsOf(manifests);
    const componentsOf = (selector: Record<string, string>) =>
      Object.entries(pods)
        .filter(([, { metadata }]) =>
          Object.entries(selector).every(([key, value]) => metadata.labels[key] === value),
        )
        .map(([component]) => component)
        .toSorted();
    expect(componentsOf(byName(manifests, 'Service', 'hooks-posthorn').spec.selector)).toEqual(['api']);
    const all = byName(manifests, 'Service', 'hooks-posthorn-pods');
    expect(all.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
    expect(componentsOf(all.spec.selector)).toEqual(['api', 'doctor', 'migrate', 'worker']);
    for (const component of ['api', 'worker']) {
      const name = `hooks-posthorn-${component}`;
      const { selector } = byName(manifests, 'PodDisruptionBudget', name).spec;
      expect(componentsOf(selector.matchLabels)).toEqual([component]);
      const { scaleTargetRef } = byName(manifests, 'HorizontalPodAutoscaler', name).spec;
      const target = byName(manifests, scaleTargetRef.kind, scaleTargetRef.name);
      expect(target.spec).not.toHaveProperty('replicas');
      expect(componentsOf(target.spec.selector.matchLabels)).toEqual([component]);
    }
    const { selector, endpoints } = byName(manifests, 'ServiceMonitor', 'hooks-posthorn').spec;
    const monitored = manifests.filter(
      ({ kind, metadata }) =>
        kind === 'Service' &&
        Object.entries(selector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
    );
    expect(monitored).toEqual([all]);
    expect(all.spec.ports.map(({ name }: { name: string }) => name)).toEqual([endpoints[0].port]);
  });

  test('workers are scaled by the age of the backlog and by CPU, the API by CPU', () => {
    const manifests = render('production');
    const metricsOf = (name: string) => byName(manifests, 'HorizontalPodAutoscaler', name).spec.metrics;
    expect(metricsOf('hooks-posthorn-worker')[0].external).toEqual({
      metric: {
        name: 'posthorn_oldest_unattempted_seconds',
        selector: { matchLabels: { namespace: 'posthorn' } },
      },
      target: { type: 'Value', value: '10' },
    });
    const cpu = {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
    };
    expect(metricsOf('hooks-posthorn-worker')[1]).toEqual(cpu);
    expect(metricsOf('hooks-posthorn-api')).toEqual([cpu]);
  });
});
