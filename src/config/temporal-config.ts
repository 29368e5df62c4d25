import type { Environment } from './variables.ts';

export type TemporalConfig = {
  /** If unset, the local dev server is used. */
  address?: string;
  namespace: string;
  /** Workflows run on the task queue of this name, and retries on another one whose name begins with it. */
  taskQueue: string;
  apiKey?: string;
  /** PEM. */
  tlsCert?: Buffer;
  tlsKey?: Buffer;
  /** PEM. The authorities to trust instead of those of the system. */
  tlsServerCa?: Buffer;
  /** The name for which the server's certificate must be valid, if not that of the address. */
  tlsServerName?: string;
  /** Whether the connection uses TLS; if unset, whether it has credentials or one of the values for TLS. */
  tls?: boolean;
  /** Headers of each call. Their values may be secret. */
  metadata?: Record<string, string>;
  /** If set, workers register with Temporal as a version of this deployment, and workflows stay on it. */
  deployment?: DeploymentConfig;
  uiUrl?: string;
  cliPath?: string;
};

export type DeploymentConfig = {
  name: string;
  /** If unset, the version of Posthorn and a hash of the workflow code. */
  buildId?: string;
  /** Who makes a version the current one: its workers, or the operator. */
  promote: 'auto' | 'manual';
};

export function usesTls({ tls, apiKey, tlsCert, tlsServerCa, tlsServerName }: TemporalConfig): boolean {
  return tls ?? [apiKey, tlsCert, tlsServerCa, tlsServerName].some((value) => value !== undefined);
}

export function deploymentConfigOf(variables: Environment): DeploymentConfig | undefined {
  const {
    POSTHORN_DEPLOYMENT: name,
    POSTHORN_BUILD_ID: buildId,
    POSTHORN_DEPLOYMENT_PROMOTE: promote,
  } = variables;
  return name === undefined ? undefined : { name, promote, ...(buildId !== undefined && { buildId }) };
}
