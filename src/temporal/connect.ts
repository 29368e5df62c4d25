import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { Config } from '../config/config.ts';

/** A connection to a refused port fails at once, to a silent one not within 30 s. */
const CONNECT_WITHIN_MS = 10_000;

/** Connects as the variables say. Rejects when Temporal does not answer in time, or when the signal aborts. */
export async function connectToTemporal(
  config: Config['temporal'] & { address: string },
  signal: AbortSignal,
): Promise<NativeConnection> {
  const connecting = NativeConnection.connect({
    address: config.address,
    ...(config.apiKey !== undefined && {
      apiKey: config.apiKey,
      metadata: { 'temporal-namespace': config.namespace },
    }),
    ...tlsOf(config),
  });
  const late = sleep(CONNECT_WITHIN_MS, 'late' as const, { ref: false, signal }).catch(
    () => 'stopped' as const,
  );
  const connection = await Promise.race([connecting, late]);
  if (connection !== 'late' && connection !== 'stopped') return connection;
  connecting.then((abandoned) => abandoned.close()).catch(() => {});
  signal.throwIfAborted();
  throw new Error(`no answer from ${config.address} within ${CONNECT_WITHIN_MS / 1000} s`);
}

function tlsOf({ tlsCert, tlsKey, apiKey }: Config['temporal']) {
  if (tlsCert && tlsKey) return { tls: { clientCertPair: { crt: tlsCert, key: tlsKey } } };
  return apiKey === undefined ? {} : { tls: true };
}
