import type { Config } from '../config/config.ts';
import { usesTls } from '../config/temporal-config.ts';
import { VersioningUnavailable } from './deployments/deployment.ts';
import { GRPC_STATUS, grpcStatusOf } from './grpc-status.ts';
import { InstallationConflict } from './installation.ts';
import { NamespaceMissing } from './namespace.ts';

/** Whether a process must not start for this reason: it would not go away by itself. */
export const isRefusal = (error: unknown): error is InstallationConflict | VersioningUnavailable =>
  error instanceof InstallationConflict || error instanceof VersioningUnavailable;

/**
 * Says in one or two sentences why Temporal is unavailable and which variable to check. The SDK reports failures of its
 * transport only as text, so most of them are recognized by their message.
 */
export function describeTemporalFailure(
  error: unknown,
  config: Config['temporal'] & { address: string },
): string {
  const { address, namespace } = config;
  if (error instanceof NamespaceMissing || isRefusal(error)) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  const status = grpcStatusOf(error);
  if (status === GRPC_STATUS.UNAUTHENTICATED || status === GRPC_STATUS.PERMISSION_DENIED) {
    return `Temporal at ${address} denied access: check TEMPORAL_API_KEY, TEMPORAL_TLS_CERT and TEMPORAL_NAMESPACE (${namespace}).`;
  }
  if (/ConnectionRefused/.test(message))
    return `Nothing listens at ${address} (connection refused): start Temporal there, or correct TEMPORAL_ADDRESS.`;
  if (/dns error/.test(message))
    return `The host name in TEMPORAL_ADDRESS (${address}) cannot be resolved: correct it, or check DNS.`;
  if (/NotValidForName/.test(message))
    return `The certificate of TEMPORAL_ADDRESS (${address}) was issued for another name: correct the address, or set TEMPORAL_TLS_SERVER_NAME.`;
  if (/InvalidCertificate/.test(message))
    return `The certificate of TEMPORAL_ADDRESS (${address}) is not trusted (${/InvalidCertificate\((\w+)/.exec(message)?.[1]}): name its CA in TEMPORAL_TLS_SERVER_CA, or add it to the trusted certificates of this system.`;
  if (/InvalidContentType/.test(message))
    return `The server at TEMPORAL_ADDRESS (${address}) does not use TLS, which TEMPORAL_API_KEY and TEMPORAL_TLS_* turn on: unset them, or correct the address.`;
  if (/AlertReceived|HandshakeFailure|CertificateRequired/.test(message))
    return `The server at TEMPORAL_ADDRESS (${address}) rejected the TLS connection: check TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY.`;
  if (/no response|Elapsed|timed? ?out/i.test(message))
    return `The server at TEMPORAL_ADDRESS (${address}) did not respond: check that Temporal is running and that no firewall blocks the connection.`;
  if (/http2 error|BrokenPipe|ConnectionReset|UnexpectedEof|stream closed/.test(message)) {
    return usesTls(config)
      ? `The server at TEMPORAL_ADDRESS (${address}) is not a Temporal server: correct the address.`
      : `The server at TEMPORAL_ADDRESS (${address}) is not a Temporal server, or requires TLS: correct the address, or set TEMPORAL_API_KEY, TEMPORAL_TLS_SERVER_CA, or TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY.`;
  }
  return `Temporal at ${address} is unavailable: ${message}`;
}
