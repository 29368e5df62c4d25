/** The body member that is replaced by the members of the data. */
export const SPREAD_MEMBER = '...';

/** The values of variables and attributes. `createdAt` already has the profile's precision; `sentAt` is in epoch seconds. */
export type TemplateValues = {
  id: string;
  type: string;
  createdAt: string;
  /** May be missing if no template of the profile contains it. */
  sequence?: number | null | undefined;
  consumer: string | null;
  attributes: Record<string, string>;
  sentAt?: number;
  signature?: string;
};

/** False for body members that are not templates: constants, `$data`, `$test` and `$sequence`. */
export const isTemplate = (value: unknown): value is string =>
  typeof value === 'string' && !['$data', '$test', '$sequence'].includes(value);

export const BODY_VARIABLES = ['id', 'type', 'createdAt', 'sequence', 'consumer'] as const;
export const HEADER_VARIABLES = [...BODY_VARIABLES, 'sentAt', 'signature'] as const;
export type Variable = (typeof HEADER_VARIABLES)[number];

type Part = { text: string } | { variable: Variable } | { attribute: string };

export type Template = {
  render(values: TemplateValues): string;
  /** The number of characters that `render` returns, without rendering them. */
  renderedLength(values: TemplateValues): number;
  /** The variables in the template, without attributes. */
  variables: Set<string>;
  /** The attributes that an event needs for this template. */
  attributes: string[];
};

// `$$` is a dollar sign. An attribute's name is the longest run of allowed characters.
const REFERENCE = /\$(?:(\$)|attributes\.([A-Za-z0-9._-]{1,128})|([A-Za-z]*))/g;

const isVariable = (name: string): name is Variable => (HEADER_VARIABLES as readonly string[]).includes(name);

/** The number of variables, attributes and `$$` in a template. */
export const countReferences = (template: string): number => [...template.matchAll(REFERENCE)].length;

function parse(template: string): { parts: Part[]; unknown: string[] } {
  const parts: Part[] = [];
  const unknown: string[] = [];
  let end = 0;
  for (const match of template.matchAll(REFERENCE)) {
    const [whole, dollar, attribute, name = ''] = match;
    if (match.index > end) parts.push({ text: template.slice(end, match.index) });
    end = match.index + whole.length;
    if (dollar) parts.push({ text: dollar });
    else if (attribute) parts.push({ attribute });
    else if (isVariable(name)) parts.push({ variable: name });
    else unknown.push(whole);
  }
  if (end < template.length) parts.push({ text: template.slice(end) });
  return { parts, unknown };
}

/** Describes the error in a template in which `allowed` variables and all attributes may occur; undefined if it is valid. */
export function templateProblem(template: string, allowed: readonly Variable[]): string | undefined {
  const { parts, unknown } = parse(template);
  const misplaced = parts.flatMap((part) =>
    'variable' in part && !allowed.includes(part.variable) ? [`$${part.variable}`] : [],
  );
  const wrong = [...unknown, ...misplaced];
  const known = [...allowed.map((name) => `$${name}`), '$attributes.<name>', '$$'].join(', ');
  return wrong.length === 0 ? undefined : `must not contain ${wrong.join(', ')}; allowed are ${known}`;
}

function renderPart(part: Part, values: TemplateValues): string {
  if ('text' in part) return part.text;
  if ('attribute' in part) return values.attributes[part.attribute] ?? '';
  return String(values[part.variable] ?? '');
}

/** Compiles a valid template (see templateProblem). A missing attribute renders as nothing: ingest checks for it. */
export function compileTemplate(template: string): Template {
  const { parts } = parse(template);
  return {
    render: (values) => parts.reduce((text, part) => text + renderPart(part, values), ''),
    renderedLength: (values) => parts.reduce((length, part) => length + renderPart(part, values).length, 0),
    variables: new Set(parts.flatMap((part) => ('variable' in part ? [part.variable] : []))),
    attributes: parts.flatMap((part) => ('attribute' in part ? [part.attribute] : [])),
  };
}
