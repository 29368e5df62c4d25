import { getCompiledSchema } from '../json-schema/compiled-schema-cache.ts';
import type { Violation } from '../json-schema/violations.ts';
import type { CompiledProfile } from '../profiles/compile-profile.ts';
import type { ProjectEventType } from '../store/projects/event-types.ts';

type ProfileEventType = CompiledProfile['eventTypes'][number];

export type CatalogueEntry = {
  type: string;
  description: string;
  source: 'profile' | 'project';
  /** JSON texts as they were written; null: there is none. */
  schema: string | null;
  example: string | null;
  exampleAttributes: Record<string, string>;
};

/** The event types of a project: its profile's, with its own over them. Without any, every type is as good. */
export type Catalogue = {
  /** By type, in the order of their characters. */
  entries: CatalogueEntry[];
  /** Whether a subscription can mean anything: an exact type, `prefix.*`, or `*`. */
  hasTypeMatching(pattern: string): boolean;
  /** What the data of such events is held against. */
  schemaOf(type: string): string | null;
  /** What is wrong with the data of an event, at most 20 violations; none where the type has no schema. */
  validate(type: string, data: unknown, bytes: number): Violation[];
  /** The data of an example event, as it is sent, and its attributes. */
  example(type: string): { data: Buffer; attributes: Record<string, string> } | undefined;
};

export function createCatalogue(ofProfile: ProfileEventType[], own: ProjectEventType[] = []): Catalogue {
  const byType = new Map(ofProfile.map((type) => [type.name, profileEntry(type)]));
  for (const type of own) byType.set(type.type, ownEntry(type, byType.get(type.type)));
  const entries = [...byType.values()].sort((a, b) => (a.type < b.type ? -1 : 1));

  return {
    entries,
    hasTypeMatching: (pattern) => {
      if (pattern === '*') return true;
      if (!pattern.endsWith('.*')) return byType.has(pattern);
      return entries.some(({ type }) => type.startsWith(pattern.slice(0, -1)));
    },
    schemaOf: (type) => byType.get(type)?.schema ?? null,
    validate: (type, data, bytes) => {
      const schema = byType.get(type)?.schema ?? null;
      return schema === null ? [] : violationsOf(schema, type, data, bytes);
    },
    example: (type) => {
      const entry = byType.get(type);
      if (!entry || entry.example === null) return undefined;
      return { data: Buffer.from(entry.example), attributes: entry.exampleAttributes };
    },
  };
}

const profileEntry = ({
  name,
  description,
  schema,
  example,
  exampleAttributes = {},
}: ProfileEventType): CatalogueEntry => ({
  type: name,
  description,
  source: 'profile',
  schema: schema === undefined ? null : JSON.stringify(schema),
  example: JSON.stringify(example),
  exampleAttributes,
});

const ownEntry = (own: ProjectEventType, ofProfile: CatalogueEntry | undefined): CatalogueEntry => ({
  type: own.type,
  description: own.description,
  source: 'project',
  schema: own.schema === 'null' ? null : (own.schema ?? ofProfile?.schema ?? null),
  example: own.example ?? ofProfile?.example ?? null,
  exampleAttributes: own.exampleAttributes ?? ofProfile?.exampleAttributes ?? {},
});

/** Both kinds of schemas were compiled when they were put: one that no longer compiles is our fault. */
function violationsOf(schema: string, type: string, data: unknown, bytes: number): Violation[] {
  const compiled = getCompiledSchema(schema);
  if ('problems' in compiled) throw new Error(`the schema of the event type ${type} cannot be compiled`);
  return compiled.check(data, bytes);
}
