import { displayedProxy } from '../egress/proxy/proxy-url.ts';
import type { Config } from './config.ts';
import { usesTls } from './temporal-config.ts';

/** The configuration for the log. Passwords and keys are masked; it says only whether they are set. */
export function maskedSummary(config: Config): Record<string, unknown> {
  const { databaseUrl, databaseDirectUrl, temporal, adminKey, encryptionKeys, ...others } = config;
  const { egressProxy, extraAuthorities, otlp, ...rest } = others;
  const { apiKey, tlsCert, tlsKey, tlsServerCa, metadata, ...plainTemporal } = temporal;
  return {
    database: databaseUrl ? withoutPassword(databaseUrl) : 'embedded',
    ...(databaseDirectUrl && { databaseDirect: withoutPassword(databaseDirectUrl) }),
    temporal: {
      ...plainTemporal,
      address: temporal.address ?? 'local dev server',
      apiKey: apiKey ? 'set' : 'unset',
      tls: !usesTls(temporal) ? 'off' : tlsCert && tlsKey ? 'client certificate' : 'on',
      ...(metadata && { metadata: Object.keys(metadata) }),
    },
    ...rest,
    ...(egressProxy && { egressProxy: displayedProxy(egressProxy) }),
    ...(otlp && { otlp: { ...otlp, headers: Object.keys(otlp.headers) } }),
    ...(extraAuthorities && { extraAuthorities: extraAuthorities.length }),
    adminKey: adminKey ? 'set' : 'unset',
    encryptionKeys: encryptionKeys.length,
  };
}

function withoutPassword(url: string): string {
  const masked = new URL(url);
  if (masked.password) masked.password = '***';
  if (masked.searchParams.has('password')) masked.searchParams.set('password', '***');
  return masked.toString();
}
