import { childPointer } from '../json-schema/json-pointer.ts';
import type { Problem } from './body/reserialize.ts';
import { compileTemplate, type Template } from './body/template.ts';
import { isHeaderValue } from './header-names.ts';
import type { Profile } from './profile.ts';

type Names = { consumer: string | null; attributes: Record<string, string> };

const attributesOf = (templates: Template[]): Set<string> =>
  new Set(templates.flatMap((template) => template.attributes));

const isTemplate = (value: Profile['body'][string]): value is string =>
  typeof value === 'string' && value !== '$data' && value !== '$test';

const templatesOf = ({ body, headers }: Pick<Profile, 'body' | 'headers'>): Template[] =>
  [...Object.values(body).filter(isTemplate), ...Object.values(headers)].map(compileTemplate);

/** Whether an event without a consumer has no body or headers, and so an endpoint without one no events. */
export const referencesConsumer = (profile: Pick<Profile, 'body' | 'headers'>): boolean =>
  templatesOf(profile).some((template) => template.variables.has('consumer'));

/**
 * Checks at ingest that an event has all that the templates name, the headers' too: found missing at the first
 * attempt, it would be the producer's fault and nobody's to mend.
 */
export function compileRequiredFieldsCheck(
  profile: Pick<Profile, 'body' | 'headers'>,
): (event: Names) => Problem[] {
  const needed = attributesOf(templatesOf(profile));
  const inHeaders = attributesOf(Object.values(profile.headers).map(compileTemplate));
  const needsConsumer = referencesConsumer(profile);

  const problemWith = (name: string, value: string | undefined): Problem[] => {
    const pointer = childPointer('/attributes', name);
    if (value === undefined) return [{ pointer, detail: 'required by the profile' }];
    if (!inHeaders.has(name) || isHeaderValue(value)) return [];
    return [{ pointer, detail: 'goes into a header: printable ASCII without spaces at its ends' }];
  };

  return ({ consumer, attributes }) => [
    ...(needsConsumer && consumer === null
      ? [{ pointer: '/consumer', detail: 'required by the profile' }]
      : []),
    ...[...needed].flatMap((name) =>
      problemWith(name, Object.hasOwn(attributes, name) ? attributes[name] : undefined),
    ),
  ];
}
