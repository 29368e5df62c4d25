import type { Session } from '../../api/session.ts';
import { project } from '../address.ts';

/** What a tab needs to go on after it is loaded again, and to say good-bye when its session has ended. */
export type KeptSession = {
  token: string;
  /** The one that it was exchanged for. It opens nothing more. */
  code: string;
  session: Pick<Session, 'theme' | 'returnUrl' | 'refreshUrl' | 'origins' | 'expiresAt'>;
};

const name = `posthorn.portal.${project}`;

/** For browsers that refuse storage in frames of other sites: until the page is loaded again. */
let inMemory: KeptSession | undefined;

export function readKept(): KeptSession | undefined {
  try {
    const text = sessionStorage.getItem(name);
    return text === null ? inMemory : (JSON.parse(text) as KeptSession);
  } catch {
    return inMemory;
  }
}

/** sessionStorage belongs to one tab: two tabs may have the sessions of two customers. */
export function keep(token: string, code: string, session: Session): void {
  const { theme, returnUrl, refreshUrl, origins, expiresAt } = session;
  inMemory = { token, code, session: { theme, returnUrl, refreshUrl, origins, expiresAt } };
  try {
    sessionStorage.setItem(name, JSON.stringify(inMemory));
  } catch {
    // See above.
  }
}

export function forget(): void {
  inMemory = undefined;
  try {
    sessionStorage.removeItem(name);
  } catch {
    // See above.
  }
}
