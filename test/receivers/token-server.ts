import { randomBytes } from 'node:crypto';
import {
  type ReceivedRequest,
  type Receiver,
  type ReceiverOptions,
  type ScriptStep,
  startReceiver,
} from './receiver.ts';

export type TokenServer = Receiver & {
  tokenUrl: string;
  /** Those granted so far, in order. */
  tokens: string[];
  /** How it responds from now on; null: with a token. */
  respondWith(step: ScriptStep | null): void;
  /** Grants a token, as a step of `respondWith` may want to. */
  grant: ScriptStep;
};

/** A token server (RFC 6749 section 4.4) that grants a new token for each request. `expiresIn`: seconds. */
export async function startTokenServer({
  expiresIn = 3_600 as number | undefined,
  ...options
}: ReceiverOptions & { expiresIn?: number } = {}): Promise<TokenServer> {
  const tokens: string[] = [];
  let step: ScriptStep | null = null;
  const grant = (_request: ReceivedRequest, response: Parameters<Exclude<ScriptStep, number>>[1]): void => {
    const token = `token${randomBytes(12).toString('hex')}`;
    tokens.push(token);
    const body = { access_token: token, token_type: 'Bearer', expires_in: expiresIn };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const receiver = await startReceiver(
    [
      (request, response) => {
        if (step === null) return grant(request, response);
        if (typeof step === 'number') return void response.writeHead(step).end();
        return step(request, response);
      },
    ],
    options,
  );
  return {
    ...receiver,
    tokenUrl: `${receiver.url}token`,
    tokens,
    respondWith: (next) => {
      step = next;
    },
    grant,
  };
}

/** A step that responds with a JSON body. */
export const respondJson =
  (status: number, body: unknown, headers: Record<string, string> = {}): ScriptStep =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
