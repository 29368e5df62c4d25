import { useQuery } from '@tanstack/react-query';
import { eventTypeQuery } from '../api/catalogue-queries.ts';
import { eventTypesQuery } from '../api/queries.ts';
import { eventTypeFiguresQuery } from '../api/statistics-queries.ts';
import { prettyText } from '../json-view/pretty-text.ts';
import { hasExampleOf, type KnownType } from './test-type.ts';

const LATELY = { range: { range: '30d' }, fallback: '30d' } as const;

/** Those of the catalogue, and then those that were accepted lately without being in it. Not for consumers. */
export function useKnownTypes(project: string): { known: KnownType[]; isReady: boolean } {
  const { data: catalogue = [], isPending } = useQuery(eventTypesQuery(project));
  const { data: seen = [] } = useQuery({ ...eventTypeFiguresQuery(project, LATELY), staleTime: 60_000 });
  const listed = new Set(catalogue.map(({ type }) => type));
  const known = [
    ...catalogue.map(({ type, description, example }) => ({
      type,
      description: description ?? '',
      hasExample: example !== null,
    })),
    ...seen
      .filter(({ type }) => !listed.has(type))
      .map(({ type }) => ({ type, description: 'accepted lately', hasExample: false })),
  ];
  return { known, isReady: !isPending };
}

/** The example of a type with all its digits; undefined if the catalogue has none, or until it is known. */
export function useExample(project: string, type: string, known: KnownType[]): string | undefined {
  const hasExample = hasExampleOf(type, known);
  const { data } = useQuery({ ...eventTypeQuery(project, type), enabled: hasExample });
  return data && data.example !== 'null' ? prettyText(data.example) : undefined;
}
