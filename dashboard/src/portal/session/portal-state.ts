import { useSyncExternalStore } from 'react';
import { errorFromResponse } from '../../../../sdk/typescript/src/posthorn-error.ts';
import { apiUrl, sessionFetch } from '../../api/client.ts';
import { readSession, type Session } from '../../api/session.ts';
import { leaveScreen, project } from '../address.ts';
import { isFramed } from '../host/host.ts';
import { forget, type KeptSession, keep, readKept } from './kept-session.ts';

/**
 * Why there is no session: the address has no code; its code was used, has expired or was revoked; the session ran out; or
 * whoever gave it has ended it.
 */
export type Reason = 'no_link' | 'link_gone' | 'expired' | 'ended';

export type PortalState =
  | { status: 'opening' }
  | { status: 'open'; session: Session; token: string }
  | { status: 'closed'; reason: Reason; kept: KeptSession['session'] | undefined }
  /** The API did not answer, or refused for now. */
  | { status: 'failed'; error: unknown; code: string | undefined };

let state: PortalState = { status: 'opening' };
let token: string | undefined;
/** Of the link that began the session. */
let code: string | undefined;
const listeners = new Set<() => void>();

function change(next: PortalState): void {
  state = next;
  for (const listener of listeners) listener();
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const portalState = (): PortalState => state;
export const usePortalState = (): PortalState => useSyncExternalStore(subscribe, portalState);

/** The header of each call. */
export const signCall = (): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

let entries = 0;

/**
 * Exchanges the code for a session. Without one, or if this code began the session of the tab, that goes on: the tab may just
 * have been loaded again. The used code of another link must not show it, because that may be the link of another customer.
 */
export async function enter(given: string | undefined): Promise<void> {
  const entry = ++entries;
  const isLatest = (): boolean => entry === entries;
  try {
    const opened = given === undefined ? undefined : await exchange(given);
    if (!isLatest()) return;
    if (opened) {
      ({ token } = opened);
      code = given;
      return open(opened.session);
    }
    const kept = readKept();
    if (kept === undefined) return close(given === undefined ? 'no_link' : 'link_gone');
    if (given !== undefined && given !== kept.code) return close('link_gone');
    ({ token, code } = kept);
    const session = await readSession();
    if (!isLatest()) return;
    if (session?.project?.id === project) return open(session);
    close(given === undefined ? reasonOf(kept.session.expiresAt) : 'link_gone');
  } catch (error) {
    if (isLatest()) change({ status: 'failed', error, code: given });
  }
}

/** Follows a link that the host page has sent. One that is none of this portal must not leave another customer on the screen. */
export function enterByLink(given: string | undefined): void {
  if (given !== undefined) {
    void enter(given);
    return;
  }
  entries += 1;
  close('link_gone');
}

async function exchange(code: string): Promise<{ token: string; session: Session } | undefined> {
  const response = await sessionFetch(`${apiUrl}/v1/portal-sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  if (response.status === 410) return undefined;
  if (!response.ok) throw await errorFromResponse(response);
  const { token: bearer, ...session } = (await response.json()) as Session & { token: string };
  return { token: bearer, session };
}

function open(session: Session): void {
  keep(token!, code!, session);
  change({ status: 'open', session, token: token! });
}

function close(reason: Reason): void {
  const kept = readKept()?.session;
  token = undefined;
  code = undefined;
  forget();
  change({ status: 'closed', reason, kept });
  // In a frame, a new link goes on at the same place.
  if (!isFramed) leaveScreen();
}

/** A call was refused for want of a session. One that an earlier session made says nothing about this one. */
export function sessionEnded(signedWith: string | null): void {
  if (state.status === 'open' && signedWith === `Bearer ${token}`) close(reasonOf(state.session.expiresAt));
}

/** Asks anew what the session may do, and until when. Asking is a use, which puts off the end of an unused session. */
export async function refreshSession(): Promise<void> {
  if (state.status !== 'open') return;
  const asked = state.token;
  const session = await readSession().catch(() => undefined);
  if (state.status !== 'open' || state.token !== asked) return;
  if (session === null) close(reasonOf(state.session.expiresAt));
  else if (session) open(session);
}

/** Clocks of browsers are a little off. */
const CLOCK_MS = 30_000;

const reasonOf = (expiresAt: string | null): Reason =>
  expiresAt !== null && Date.parse(expiresAt) <= Date.now() + CLOCK_MS ? 'expired' : 'ended';
