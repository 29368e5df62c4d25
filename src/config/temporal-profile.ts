import { readFileSync } from 'node:fs';
import { type ClientConfigProfile, loadClientConfigProfile } from '@temporalio/envconfig';
import type { TemporalConfig } from './temporal-config.ts';

/** What a profile says that no variable does. */
export type TemporalProfile = Pick<TemporalConfig, 'tls' | 'metadata'>;

const TLS_VARIABLES = [
  'TEMPORAL_TLS_CERT',
  'TEMPORAL_TLS_KEY',
  'TEMPORAL_TLS_SERVER_CA',
  'TEMPORAL_TLS_SERVER_NAME',
] as const;

type Variables = Record<string, string | undefined>;

/**
 * Adds to `variables` what a profile of a Temporal configuration file says of variables that are not set. The file is that of
 * `TEMPORAL_CONFIG_FILE`, or with `TEMPORAL_PROFILE` alone the one of Temporal's CLI. Reads no file if neither is set, so that a
 * profile made for other programs does not lead Posthorn to another server. Throws an error if that file or profile cannot be read.
 */
export function withTemporalProfile(variables: Variables): {
  variables: Variables;
  profile: TemporalProfile;
} {
  const { TEMPORAL_CONFIG_FILE: path, TEMPORAL_PROFILE: name = 'default' } = variables;
  if (path === undefined && variables.TEMPORAL_PROFILE === undefined) return { variables, profile: {} };
  const stored = readProfile(path, name, variables);
  const { grpcMeta: metadata, tls } = stored;
  const isTlsSet = TLS_VARIABLES.some((variable) => variables[variable] !== undefined);
  const usesTls = tls === undefined || isTlsSet ? undefined : tls.disabled !== true;
  return {
    variables: { ...withoutUndefined(variablesOf(stored)), ...withoutUndefined(variables) },
    profile: {
      ...(usesTls !== undefined && { tls: usesTls }),
      ...(metadata && Object.keys(metadata).length > 0 && { metadata }),
    },
  };
}

function readProfile(path: string | undefined, profile: string, variables: Variables): ClientConfigProfile {
  return loadClientConfigProfile({
    profile,
    ...(path !== undefined && { configSource: { data: readFileSync(path, 'utf8') } }),
    configFileStrict: true,
    disableEnv: true,
    overrideEnvVars: withoutUndefined(variables), // for the path of the default file
  });
}

function variablesOf({ address, namespace, apiKey, tls }: ClientConfigProfile): Variables {
  const base = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, TEMPORAL_API_KEY: apiKey };
  if (!tls || tls.disabled) return base;
  return {
    ...base,
    TEMPORAL_TLS_CERT: textOf(tls.clientCert),
    TEMPORAL_TLS_KEY: textOf(tls.clientKey),
    TEMPORAL_TLS_SERVER_CA: textOf(tls.serverCACert),
    TEMPORAL_TLS_SERVER_NAME: tls.serverName,
  };
}

/** PEM text, or a path. The variables take either. */
function textOf(source: { path: string } | { data: string | Uint8Array } | undefined): string | undefined {
  if (!source) return undefined;
  if ('path' in source) return source.path;
  return typeof source.data === 'string' ? source.data : Buffer.from(source.data).toString();
}

const withoutUndefined = (values: Variables): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
