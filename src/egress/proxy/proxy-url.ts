import { hostOf } from '../target-url.ts';

/** The HTTP proxy through which requests to receivers go. */
export type ProxyAddress = {
  /** A name or an address. */
  host: string;
  port: number;
  /** True if the connection to the proxy itself uses TLS (`https://`). */
  secure: boolean;
  /** The value of the header Proxy-Authorization. A secret. */
  authorization?: string;
};

/** Parses `http://user:password@host:port`. Undefined if the text is not such a URL. */
export function parseProxyUrl(text: string): ProxyAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') return undefined;
  if (url.pathname !== '/' || url.search || url.hash) return undefined;
  const credentials = credentialsOf(url);
  if (credentials === undefined) return undefined;
  return {
    host: hostOf(url),
    port: Number(url.port || (secure ? 443 : 80)),
    secure,
    ...(credentials !== '' && {
      authorization: `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`,
    }),
  };
}

/** `user:password`; empty without a user name and password, undefined if one is not percent-encoded correctly. */
function credentialsOf({ username, password }: URL): string | undefined {
  if (!username && !password) return '';
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    return undefined;
  }
}

/** The proxy without its user name and password. */
export const displayedProxy = ({ host, port, secure }: ProxyAddress): string =>
  `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
