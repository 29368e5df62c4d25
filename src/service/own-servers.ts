import pg from 'pg';
import type { Config } from '../config/config.ts';
import type { OwnServer } from '../egress/addresses/own-services.ts';

/** All servers in the configuration, and the ports of embedded servers. None of them may be a target. */
export function ownServersOf(config: Config): OwnServer[] {
  const {
    http,
    metricsPort,
    healthPort,
    temporal,
    databaseUrl,
    databaseDirectUrl,
    egressProxy,
    otlp,
    embeddedPorts = [],
  } = config;
  return [
    ...serverAt(http.host, http.port),
    ...serverAt(http.host, metricsPort),
    ...serverAt(http.host, healthPort),
    ...embeddedPorts.flatMap((port) => serverAt('127.0.0.1', port)),
    ...(config.denyTargets ?? []).flatMap((server) => serverFromAddress(server, 'address')),
    ...(egressProxy ? serverAt(egressProxy.host, egressProxy.port) : []),
    ...(otlp ? serverFromUrl(otlp.url, 'host') : []),
    ...(temporal.address ? serverFromAddress(temporal.address, 'host') : []),
    ...(databaseUrl ? serverFromDatabaseUrl(databaseUrl) : []),
    ...(databaseDirectUrl ? serverFromDatabaseUrl(databaseDirectUrl) : []),
    ...(temporal.uiUrl ? serverFromUrl(temporal.uiUrl, 'host') : []),
    // Only by name: the address is often that of a proxy with other hosts behind it, which may be targets.
    ...serverFromUrl(http.publicUrl, 'name'),
  ];
}

/** Port 0 means any free port: the server adds its port when it listens. */
const serverAt = (
  host: string,
  port: number | undefined,
  matchedBy: OwnServer['matchedBy'] = 'address',
): OwnServer[] => (port ? [{ host, port, matchedBy }] : []);

function serverFromAddress(hostAndPort: string, matchedBy: OwnServer['matchedBy']): OwnServer[] {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(hostAndPort) ?? [];
  return serverAt(host, Number(port), matchedBy);
}

/** Parsed by pg, with the URL's parameters and the environment. A Unix socket cannot be a target. */
function serverFromDatabaseUrl(connectionString: string): OwnServer[] {
  const { host, port } = new pg.Client({ connectionString });
  return host.startsWith('/') ? [] : serverAt(host, port, 'host');
}

/** Over https only the name matches: another name behind the same proxy has another certificate and leads elsewhere. */
function serverFromUrl(text: string, httpMatch: OwnServer['matchedBy']): OwnServer[] {
  if (!URL.canParse(text)) return []; // for example a host like fe80::1%eth0, which no URL can contain
  const { protocol, hostname, port } = new URL(text);
  const isSecure = protocol === 'https:';
  return [
    { host: hostname, port: Number(port || (isSecure ? 443 : 80)), matchedBy: isSecure ? 'name' : httpMatch },
  ];
}
