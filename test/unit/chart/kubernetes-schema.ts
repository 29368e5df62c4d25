import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { root } from './chart-files.ts';
import type { Manifest } from './render.ts';

const OPTIONS = { strict: false, allErrors: true, validateFormats: false } as const;

/** The members of a ServiceMonitor that the chart uses. Its definition is not part of Kubernetes. */
const SERVICE_MONITOR = {
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: { const: 'monitoring.coreos.com/v1' },
    kind: { const: 'ServiceMonitor' },
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      additionalProperties: false,
      required: ['selector', 'endpoints'],
      properties: {
        selector: { type: 'object', required: ['matchLabels'] },
        namespaceSelector: { type: 'object', properties: { matchNames: { type: 'array' } } },
        jobLabel: { type: 'string' },
        podTargetLabels: { type: 'array', items: { type: 'string' } },
        endpoints: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            properties: {
              port: { type: 'string' },
              path: { type: 'string' },
              interval: { type: 'string', pattern: '^[0-9]+s$' },
              scrapeTimeout: { type: 'string', pattern: '^[0-9]+s$' },
            },
          },
        },
      },
    },
  },
};

/** The members of a PrometheusRule that the rules have. */
const PROMETHEUS_RULE = {
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: { const: 'monitoring.coreos.com/v1' },
    kind: { const: 'PrometheusRule' },
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      additionalProperties: false,
      properties: {
        groups: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['name', 'rules'],
            properties: {
              name: { type: 'string' },
              rules: {
                type: 'array',
                items: {
                  type: 'object',
                  additionalProperties: false,
                  required: ['alert', 'expr'],
                  properties: {
                    alert: { type: 'string' },
                    expr: { type: 'string' },
                    for: { type: 'string' },
                    labels: { type: 'object' },
                    annotations: { type: 'object' },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

const CUSTOM: Record<string, object> = {
  'monitoring.coreos.com/v1 ServiceMonitor': SERVICE_MONITOR,
  'monitoring.coreos.com/v1 PrometheusRule': PROMETHEUS_RULE,
};

/** The oldest version that the chart takes, and the newest with a schema. */
export const KUBERNETES_VERSIONS = ['1.27', '1.37'] as const;

/** Returns a function that lists what is wrong with a manifest; unknown members are. */
export function kubernetesValidator(version: (typeof KUBERNETES_VERSIONS)[number]) {
  const text = readFileSync(join(root, `test/fixtures/kubernetes/v${version}.json`), 'utf8');
  const { kinds, $defs } = JSON.parse(text) as { kinds: Record<string, object>; $defs: object };
  const compiled = new Map<string, ValidateFunction>();
  const compile = (name: string): ValidateFunction => {
    const schema = kinds[name] && { ...kinds[name], $defs };
    const found = compiled.get(name) ?? new Ajv(OPTIONS).compile(schema ?? CUSTOM[name]!);
    compiled.set(name, found);
    return found;
  };
  return (manifest: Manifest): string[] => {
    const validate = compile(`${manifest.apiVersion} ${manifest.kind}`);
    validate(manifest);
    const { kind, metadata } = manifest;
    return (validate.errors ?? []).map((e) => `${kind} ${metadata.name}${e.instancePath}: ${e.message}`);
  };
}
