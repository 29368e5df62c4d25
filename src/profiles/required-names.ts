import { isHeaderValue } from './header-names.ts';
import type { Profile } from './profile.ts';
import type { Problem } from './reserialize.ts';
import { compileTemplate, type Template } from './template.ts';
import { pointerBelow } from './walk-json.ts';

type Names = { consumer: string | null; attributes: Record<string, string> };

const attributesOf = (templates: Template[]): Set<string> =>
  new Set(templates.flatMap((template) => template.attributes));

/**
 * Checks at ingest that an event has all that the templates name, the headers' too: found missing at the first
 * attempt, it would be the producer's fault and nobody's to mend.
 */
export function compileRequiredNames({
  body,
  headers,
}: Pick<Profile, 'body' | 'headers'>): (event: Names) => Problem[] {
  const texts = Object.values(body).filter(
    (value) => typeof value === 'string' && value !== '$data' && value !== '$test',
  );
  const headerTemplates = Object.values(headers).map(compileTemplate);
  const templates = [...texts.map((text) => compileTemplate(String(text))), ...headerTemplates];
  const needed = attributesOf(templates);
  const inHeaders = attributesOf(headerTemplates);
  const needsConsumer = templates.some((template) => template.variables.has('consumer'));

  const problemWith = (name: string, value: string | undefined): Problem[] => {
    const pointer = pointerBelow('/attributes', name);
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
