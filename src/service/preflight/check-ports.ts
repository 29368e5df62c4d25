import type { Config } from '../../config/config.ts';
import { listenErrorCode } from '../../embedded/free-port.ts';
import { StartFailure } from '../start-failure.ts';

export type Listener = { variable: string; host: string; hostVariable: string | null; port: number };

/** All ports in the configuration, with the variables that set them. Port 0 means any free port. */
export function listenersOf({ http, metricsPort, healthPort, samplePort }: Config): Listener[] {
  const onHost = (variable: string, port: number | undefined) => ({
    variable,
    host: http.host,
    hostVariable: 'POSTHORN_HOST',
    port,
  });
  return [
    onHost('POSTHORN_PORT', http.port),
    onHost('POSTHORN_METRICS_PORT', metricsPort),
    onHost('POSTHORN_HEALTH_PORT', healthPort),
    { variable: 'POSTHORN_SAMPLE_PORT', host: '127.0.0.1', hostVariable: null, port: samplePort },
  ].filter((listener): listener is Listener => listener.port !== undefined);
}

/**
 * Throws a StartFailure that names the variable of the first port that cannot be listened on. Called before anything is
 * started that would have to be stopped again.
 */
export async function checkPorts(listeners: Listener[]): Promise<void> {
  for (const listener of listeners) {
    const same = listeners.find(
      ({ port, variable }) => port === listener.port && variable !== listener.variable,
    );
    if (same && listener.port !== 0) {
      throw new StartFailure(
        `${listener.variable} and ${same.variable} are both ${listener.port}: change one of them.`,
      );
    }
    const code = await listenErrorCode(listener.host, listener.port);
    if (code) throw new StartFailure(describeListenError(listener, code));
  }
}

export function describeListenError({ variable, host, hostVariable, port }: Listener, code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken: another program has that port. Set ${variable} to a free one.`;
    case 'EACCES':
    case 'EPERM':
      return `This user may not listen on port ${port}: permission denied. Set ${variable} to a port above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return `${hostVariable ?? variable} is ${host}, which is not an address of this machine. Set it to 127.0.0.1, or to 0.0.0.0 for all addresses.`;
    default:
      return `Nothing can listen on ${host}:${port} (${code}). Change ${hostVariable ? `${hostVariable} or ` : ''}${variable}.`;
  }
}
