import pg from 'pg';
import type { Config } from '../config/config.ts';
import type { OwnServer } from '../egress/addresses/own-services.ts';

/** Every server that the configuration names, and the ports of those that are embedded: none is ever a target. */
export function ownServersOf(config: Config): OwnServer[] {
  const {
    http,
    metricsPort,
    healthPort,
    temporal,
    databaseUrl,
    databaseDirectUrl,
    embeddedPorts = [],
  } = config;
  return [
    ...at(http.host, http.port),
    ...at(http.host, metricsPort),
    ...at(http.host, healthPort),
    ...embeddedPorts.flatMap((port) => at('127.0.0.1', port)),
    ...(config.denyTargets ?? []).flatMap((server) => atAddress(server, 'address')),
    ...(temporal.address ? atAddress(temporal.address, 'host') : []),
    ...(databaseUrl ? atDatabase(databaseUrl) : []),
    ...(databaseDirectUrl ? atDatabase(databaseDirectUrl) : []),
    ...(temporal.uiUrl ? atUrl(temporal.uiUrl, 'host') : []),
    // Whoever may reach the API may do so without us; its address is often that of a proxy with other hosts behind it.
    ...atUrl(http.publicUrl, 'name'),
  ];
}

/** Port 0 is none: the server adds the one that it was given when it listens. */
const at = (
  host: string,
  port: number | undefined,
  matchedBy: OwnServer['matchedBy'] = 'address',
): OwnServer[] => (port ? [{ host, port, matchedBy }] : []);

function atAddress(hostAndPort: string, knownBy: OwnServer['matchedBy']): OwnServer[] {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(hostAndPort) ?? [];
  return at(host, Number(port), knownBy);
}

/** As pg reads it, with the parameters of the URL and its environment; a Unix socket is no target anyway. */
function atDatabase(connectionString: string): OwnServer[] {
  const { host, port } = new pg.Client({ connectionString });
  return host.startsWith('/') ? [] : at(host, port, 'host');
}

/** Over https the certificate tells a proxy's hosts apart: a name that is not ours does not reach ours. */
function atUrl(text: string, overHttp: OwnServer['matchedBy']): OwnServer[] {
  if (!URL.canParse(text)) return []; // of a host like fe80::1%eth0, which no URL can name
  const { protocol, hostname, port } = new URL(text);
  const isSecure = protocol === 'https:';
  return [
    { host: hostname, port: Number(port || (isSecure ? 443 : 80)), matchedBy: isSecure ? 'name' : overHttp },
  ];
}
