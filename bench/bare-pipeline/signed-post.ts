import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { Pool } from 'undici';

export type Target = {
  /** Signs and sends the body. Returns the status of the response, or 0 without one. */
  post(id: string, body: Buffer): Promise<number>;
};

const CONNECTIONS = 64;

/** Targets with a secret each, and kept connections to their common origin. */
export function openTargets(origin: string, paths: string[]): { targets: Target[]; close(): Promise<void> } {
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const targets = paths.map((path) => {
    const secret = createSecretKey(randomBytes(32));
    return {
      async post(id: string, body: Buffer): Promise<number> {
        const sentAt = Math.floor(Date.now() / 1_000);
        const signature = createHmac('sha256', secret)
          .update(`${id}.${sentAt}.`)
          .update(body)
          .digest('base64');
        const headers = [
          'content-type',
          'application/json',
          'webhook-id',
          id,
          'webhook-timestamp',
          `${sentAt}`,
          'webhook-signature',
          `v1,${signature}`,
        ];
        try {
          const response = await pool.request({ method: 'POST', path, headers, body });
          await response.body.dump();
          return response.statusCode;
        } catch {
          return 0;
        }
      },
    };
  });
  return { targets, close: () => pool.close() };
}
