import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { consumersQuery } from '../../../api/consumer-queries.ts';
import { endpointsQuery, eventTypesQuery } from '../../../api/queries.ts';
import type { Named } from './jump-targets.ts';

/** A search reads many rows: it waits until someone has stopped typing. */
const TYPING_MS = 250;
const FOUND = 5;

/** What the words name: endpoints and consumers as the API finds them, and the types of the catalogue. */
export function useNamed(project: string | undefined, text: string): Named {
  const [wanted, setWanted] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setWanted(text.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const endpoints = useQuery({
    ...endpointsQuery(project ?? '', { q: wanted, limit: FOUND }),
    enabled: project !== undefined && wanted !== '',
    placeholderData: (old) => old,
  });
  const consumers = useInfiniteQuery({
    ...consumersQuery(project ?? '', wanted),
    enabled: project !== undefined && wanted !== '',
    placeholderData: (old) => old,
  });
  const types = useQuery({ ...eventTypesQuery(project ?? ''), enabled: project !== undefined });
  return {
    endpoints: wanted === '' ? [] : (endpoints.data?.items ?? []),
    consumers: wanted === '' ? [] : (consumers.data?.pages[0]?.items ?? []),
    types: types.data ?? [],
  };
}
