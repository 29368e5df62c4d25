import { childPointer } from '../json-schema/json-pointer.ts';
import type { FieldProblem } from './body/reserialize.ts';
import { compileTemplate, isTemplate, type Template } from './body/template.ts';
import { isHeaderValue } from './header-names.ts';
import type { Profile } from './profile.ts';

type RequiredFields = { consumer: string | null; attributes: Record<string, string> };

const attributesOf = (templates: Template[]): Set<string> =>
  new Set(templates.flatMap((template) => template.attributes));

const templatesOf = ({ body, headers }: Pick<Profile, 'body' | 'headers'>): Template[] =>
  [...Object.values(body).filter(isTemplate), ...Object.values(headers)].map(compileTemplate);

/** Whether every event needs a consumer. If so, an endpoint without a consumer would never receive an event. */
export const referencesConsumer = (profile: Pick<Profile, 'body' | 'headers'>): boolean =>
  templatesOf(profile).some((template) => template.variables.has('consumer'));

/**
 * Compiles the check at ingest that an event has everything that the templates of body and headers contain. At the first
 * attempt it would be too late: the producer could no longer fix the event.
 */
export function compileRequiredFieldsCheck(
  profile: Pick<Profile, 'body' | 'headers'>,
): (event: RequiredFields) => FieldProblem[] {
  const requiredAttributes = attributesOf(templatesOf(profile));
  const inHeaders = attributesOf(Object.values(profile.headers).map(compileTemplate));
  const needsConsumer = referencesConsumer(profile);

  const attributeProblem = (name: string, value: string | undefined): FieldProblem[] => {
    const pointer = childPointer('/attributes', name);
    if (value === undefined) return [{ pointer, detail: 'is required by the profile' }];
    if (!inHeaders.has(name) || isHeaderValue(value)) return [];
    return [
      {
        pointer,
        detail:
          'must be printable ASCII without leading or trailing spaces, because the profile sends it in a header',
      },
    ];
  };

  return ({ consumer, attributes }) => [
    ...(needsConsumer && consumer === null
      ? [{ pointer: '/consumer', detail: 'is required by the profile' }]
      : []),
    ...[...requiredAttributes].flatMap((name) =>
      attributeProblem(name, Object.hasOwn(attributes, name) ? attributes[name] : undefined),
    ),
  ];
}
