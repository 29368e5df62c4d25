/** The member under whose name the members of the data stand. */
export const SPREAD_MEMBER = '...';

/** What a template may name. `createdAt` is already in the profile's precision; `sentAt` is in epoch seconds. */
export type TemplateValues = {
  id: string;
  type: string;
  createdAt: string;
  consumer: string | null;
  attributes: Record<string, string>;
  sentAt?: number;
  signature?: string;
};

export const BODY_VARIABLES = ['id', 'type', 'createdAt', 'consumer'] as const;
export const HEADER_VARIABLES = [...BODY_VARIABLES, 'sentAt', 'signature'] as const;
export type Variable = (typeof HEADER_VARIABLES)[number];

type Part = { text: string } | { variable: Variable } | { attribute: string };

export type Template = {
  render(values: TemplateValues): string;
  /** Characters that `render` would give, without making them. */
  renderedLength(values: TemplateValues): number;
  /** Variables other than attributes that the text names. */
  variables: Set<string>;
  /** Names of the attributes that an event must have for this text. */
  attributes: string[];
};

// `$$` is a dollar sign; an attribute's name reaches as far as its characters do.
const REFERENCE = /\$(?:(\$)|attributes\.([A-Za-z0-9._-]{1,128})|([A-Za-z]*))/g;

const isVariable = (name: string): name is Variable => (HEADER_VARIABLES as readonly string[]).includes(name);

/** How many variables, attributes and doubled dollar signs the text has. */
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

/** What is wrong with a template that may name the `allowed` variables and attributes; undefined when it is right. */
export function templateProblem(template: string, allowed: readonly Variable[]): string | undefined {
  const { parts, unknown } = parse(template);
  const misplaced = parts.flatMap((part) =>
    'variable' in part && !allowed.includes(part.variable) ? [`$${part.variable}`] : [],
  );
  const wrong = [...unknown, ...misplaced];
  const known = [...allowed.map((name) => `$${name}`), '$attributes.<name>', '$$'].join(', ');
  return wrong.length === 0 ? undefined : `${wrong.join(', ')} cannot stand here; these can: ${known}`;
}

function renderPart(part: Part, values: TemplateValues): string {
  if ('text' in part) return part.text;
  if ('attribute' in part) return values.attributes[part.attribute] ?? '';
  return String(values[part.variable] ?? '');
}

/** Compiles a template that templateProblem finds right. Whether an event has what it names is checked at ingest. */
export function compileTemplate(template: string): Template {
  const { parts } = parse(template);
  return {
    render: (values) => parts.reduce((text, part) => text + renderPart(part, values), ''),
    renderedLength: (values) => parts.reduce((length, part) => length + renderPart(part, values).length, 0),
    variables: new Set(parts.flatMap((part) => ('variable' in part ? [part.variable] : []))),
    attributes: parts.flatMap((part) => ('attribute' in part ? [part.attribute] : [])),
  };
}
