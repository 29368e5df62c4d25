import type { Config } from '../config/config.ts';
import { grpcStatusOf, NamespaceMissing } from './namespace.ts';

const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/**
 * Why Temporal cannot be worked with, and which variable to look at, in a sentence or two. The SDK says it in the words
 * of its transport, which come as text alone.
 */
export function describeTemporalFailure(
  error: unknown,
  { address, namespace, apiKey, tlsCert }: Config['temporal'] & { address: string },
): string {
  if (error instanceof NamespaceMissing) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  const usesTls = apiKey !== undefined || tlsCert !== undefined;
  const code = grpcStatusOf(error);
  if (code === UNAUTHENTICATED || code === PERMISSION_DENIED) {
    return `Temporal at ${address} refuses us: look at TEMPORAL_API_KEY, TEMPORAL_TLS_CERT and TEMPORAL_NAMESPACE (${namespace}).`;
  }
  if (/ConnectionRefused/.test(message))
    return `Nothing listens at ${address} (connection refused): start Temporal there, or correct TEMPORAL_ADDRESS.`;
  if (/dns error/.test(message))
    return `The host name of TEMPORAL_ADDRESS (${address}) cannot be resolved: correct it, or look at the DNS.`;
  if (/InvalidCertificate/.test(message))
    return `The certificate of TEMPORAL_ADDRESS (${address}) is not trusted (${/InvalidCertificate\((\w+)/.exec(message)?.[1]}): add its CA to the certificates of this system.`;
  if (/InvalidContentType/.test(message))
    return `TEMPORAL_ADDRESS (${address}) does not speak TLS, which TEMPORAL_API_KEY and TEMPORAL_TLS_CERT turn on: leave them out, or correct the address.`;
  if (/AlertReceived|HandshakeFailure|CertificateRequired/.test(message))
    return `TEMPORAL_ADDRESS (${address}) refuses our TLS connection: look at TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY.`;
  if (/no answer|Elapsed|timed? ?out/i.test(message))
    return `TEMPORAL_ADDRESS (${address}) does not answer: is Temporal there, or a firewall between?`;
  if (/http2 error|BrokenPipe|ConnectionReset|UnexpectedEof|stream closed/.test(message)) {
    return usesTls
      ? `What answers at TEMPORAL_ADDRESS (${address}) is not a Temporal server: correct the address.`
      : `What answers at TEMPORAL_ADDRESS (${address}) is not a Temporal server, or wants TLS: correct the address, or set TEMPORAL_API_KEY, or TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY.`;
  }
  return `Temporal at ${address} cannot be worked with: ${message}`;
}
