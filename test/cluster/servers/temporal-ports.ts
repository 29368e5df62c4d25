import { findFreePort } from '../../../src/embedded/free-port.ts';
import { nonEphemeralPort } from '../../faults/installation/non-ephemeral-port.ts';

const PORTS = [
  'FRONTEND_GRPC_PORT',
  'FRONTEND_HTTP_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'HISTORY_GRPC_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'MATCHING_GRPC_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'WORKER_GRPC_PORT',
  'WORKER_MEMBERSHIP_PORT',
] as const;

/** The ports of a Temporal server, by the variables that set them. */
export type TemporalPorts = Record<(typeof PORTS)[number], string>;

/** One after another: two that are found free at the same time may be the same. */
export async function chooseTemporalPorts(): Promise<TemporalPorts> {
  const chosen: Partial<TemporalPorts> = {};
  for (const name of PORTS) {
    let port: string;
    do port = String(await findFreePort(nonEphemeralPort()));
    while (Object.values(chosen).includes(port));
    chosen[name] = port;
  }
  return chosen as TemporalPorts;
}
