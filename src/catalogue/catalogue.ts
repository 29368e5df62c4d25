import { getCompiledSchema } from '../json-schema/compiled-schema-cache.ts';
import type { Violation } from '../json-schema/violations.ts';
import type { CompiledProfile } from '../profiles/compile-profile.ts';
import type { ProjectEventType } from '../store/projects/event-types.ts';

type ProfileEventType = CompiledProfile['eventTypes'][number];

export type CatalogueEntry = {
  type: string;
  description: string;
  source: 'profile' | 'project';
  /** The original JSON text; null when there is no schema, or no example. */
  schema: string | null;
  example: string | null;
  exampleAttributes: Record<string, string>;
};

/** The event types of a project: those of its profile, overridden by its own. If there are none, every type is allowed. */
export type Catalogue = {
  /** Sorted by type. */
  entries: CatalogueEntry[];
  /** Whether a subscription (an exact type, `prefix.*` or `*`) matches at least one type. */
  hasTypeMatching(pattern: string): boolean;
  /** The JSON text of the schema for the data of a type; null when there is none. */
  schemaOf(type: string): string | null;
  /** Up to 20 violations of the schema in an event's data; none when the type has no schema. Throws if it does not compile. */
  validate(type: string, data: unknown, bytes: number): Violation[];
  /** The data and the attributes of the type's example event; undefined when it has none. */
  example(type: string): { data: Buffer; attributes: Record<string, string> } | undefined;
};

/** The catalogue of a profile's event types and a project's own event types. */
export function createCatalogue(
  profileTypes: ProfileEventType[],
  projectTypes: ProjectEventType[] = [],
): Catalogue {
  const byType = new Map(profileTypes.map((type) => [type.name, profileEntry(type)]));
  for (const type of projectTypes) byType.set(type.type, projectEntry(type, byType.get(type.type)));
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

const projectEntry = (
  projectType: ProjectEventType,
  overridden: CatalogueEntry | undefined,
): CatalogueEntry => ({
  type: projectType.type,
  description: projectType.description,
  source: 'project',
  schema: projectType.schema === 'null' ? null : (projectType.schema ?? overridden?.schema ?? null),
  example: projectType.example ?? overridden?.example ?? null,
  exampleAttributes: projectType.exampleAttributes ?? overridden?.exampleAttributes ?? {},
});

/** Schemas are compiled when they are stored, so one that no longer compiles is a bug. */
function violationsOf(schema: string, type: string, data: unknown, bytes: number): Violation[] {
  const compiled = getCompiledSchema(schema);
  if ('problems' in compiled) throw new Error(`the schema of the event type ${type} does not compile`);
  return compiled.check(data, bytes);
}
