import type { IncomingMessage } from 'node:http';
import { unauthorized } from '../problems/unauthorized.ts';

export type SessionCookie = {
  name: string;
  /** The cookie's value; undefined without one. Throws unauthorized for two: another site on this host may have set one. */
  read(request: IncomingMessage): string | undefined;
  /** The value of `Set-Cookie` that signs in. */
  set(token: string): string;
  /** The value of `Set-Cookie` that signs out. */
  clear(): string;
};

/** The prefix `__Host-` keeps other hosts of the domain from setting the cookie; browsers accept it only with https. */
export function createSessionCookie(publicUrl: string): SessionCookie {
  const isSecure = publicUrl.startsWith('https:');
  const name = isSecure ? '__Host-posthorn_session' : 'posthorn_session';
  const attributes = `; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  const prefix = `${name}=`;

  return {
    name,
    read({ headers: { cookie } }) {
      if (cookie === undefined) return undefined;
      const values = cookie
        .split(';')
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(prefix));
      if (values.length > 1) throw unauthorized('There is more than one session cookie.');
      return values[0]?.slice(prefix.length);
    },
    set: (token) => `${prefix}${token}${attributes}`,
    clear: () => `${prefix}${attributes}; Max-Age=0`,
  };
}
