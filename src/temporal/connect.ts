import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { type TemporalConfig, usesTls } from '../config/temporal-config.ts';

/** The SDK fails at once if the port refuses the connection, but waits more than 30 s if the port does not respond. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects to Temporal with the address and credentials of the configuration. Rejects when the server does not respond
 * within 10 s, or when the signal aborts.
 */
export async function connectToTemporal(
  config: TemporalConfig & { address: string },
  signal: AbortSignal,
): Promise<NativeConnection> {
  const connecting = NativeConnection.connect({
    address: config.address,
    metadata: {
      ...config.metadata,
      ...(config.apiKey !== undefined && { 'temporal-namespace': config.namespace }),
    },
    ...(config.apiKey !== undefined && { apiKey: config.apiKey }),
    ...tlsOf(config),
  });
  const timeout = sleep(CONNECT_TIMEOUT_MS, 'timeout' as const, { ref: false, signal }).catch(
    () => 'aborted' as const,
  );
  const connection = await Promise.race([connecting, timeout]);
  if (connection !== 'timeout' && connection !== 'aborted') return connection;
  connecting.then((abandoned) => abandoned.close()).catch(() => {});
  signal.throwIfAborted();
  throw new Error(`no response from ${config.address} within ${CONNECT_TIMEOUT_MS / 1000} s`);
}

function tlsOf(config: TemporalConfig) {
  if (!usesTls(config)) return { tls: false };
  const { tlsCert, tlsKey, tlsServerCa, tlsServerName } = config;
  return {
    tls: {
      ...(tlsCert && tlsKey && { clientCertPair: { crt: tlsCert, key: tlsKey } }),
      ...(tlsServerCa && { serverRootCACertificate: tlsServerCa }),
      ...(tlsServerName !== undefined && { serverNameOverride: tlsServerName }),
    },
  };
}
