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
  uiUrl?: string;
  cliPath?: string;
};

export function usesTls({ tls, apiKey, tlsCert, tlsServerCa, tlsServerName }: TemporalConfig): boolean {
  return tls ?? [apiKey, tlsCert, tlsServerCa, tlsServerName].some((value) => value !== undefined);
}
