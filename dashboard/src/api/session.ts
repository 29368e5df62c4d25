import { queryOptions, useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import type { Session } from '../../../sdk/typescript/src/models.ts';
import { errorFromResponse } from '../../../sdk/typescript/src/posthorn-error.ts';
import { callSession } from './client.ts';
import { forgetVersions } from './fetch-if-changed.ts';

export type { Session };
export type Capability = Session['capabilities'][number];

/** Null: nobody is signed in. */
export async function readSession(): Promise<Session | null> {
  const response = await callSession('GET', '/v1/session');
  if (response.status === 401) return null;
  if (!response.ok) throw await errorFromResponse(response);
  return (await response.json()) as Session;
}

/** Null: nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: readSession,
  staleTime: 60_000,
  refetchInterval: 5 * 60_000,
});

export async function signIn(
  credential: { key: string } | { code: string },
  readOnly: boolean,
): Promise<Session> {
  const response = await callSession('POST', '/v1/session', { ...credential, ...(readOnly && { readOnly }) });
  if (!response.ok) throw await errorFromResponse(response);
  return (await response.json()) as Session;
}

export async function signOut(): Promise<void> {
  const response = await callSession('DELETE', '/v1/session');
  forgetVersions();
  if (!response.ok && response.status !== 401) throw await errorFromResponse(response);
}

const Signed = createContext<Session | null>(null);
export const SessionProvider = Signed.Provider;

/** The session of the frame, which is shown to no one who is not signed in. */
export function useSession(): Session {
  const session = useContext(Signed);
  if (!session) throw new Error('outside of the frame');
  return session;
}

/** Whether the session may change anything. The API refuses it too. */
export const useMayChange = (): boolean => useSession().access === 'full';

/** The same for a session of the portal, whose link may leave out some of it. */
export function useMay(capability: Capability): boolean {
  const { access, capabilities } = useSession();
  return access === 'full' && capabilities.includes(capability);
}

export const useSessionQuery = () => useQuery(sessionQuery);
