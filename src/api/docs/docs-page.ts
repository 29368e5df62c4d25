import { PROBLEM_CODES, type ProblemCode, statusesOf } from '../problems/problem-codes.ts';
import { CONCEPTS } from './concepts.ts';
import { type Html, html, prose } from './docs-html.ts';
import { describeType, exampleOf, membersTable, type SchemaNode, type Schemas } from './docs-schemas.ts';
import type { OpenApiDocument } from './openapi.ts';

type Content = Record<string, { schema?: SchemaNode }>;
type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: SchemaNode }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
  'x-access': string;
};
type ListedOperation = Operation & { method: string; path: string };

const KEY_DESCRIPTIONS: Record<string, string> = {
  open: 'No key',
  admin: 'Admin key',
  shared: 'Project key, or the admin key without a project for what all projects share',
  project: 'Project key',
  consumer: 'Project or consumer key',
};

/** The whole document as one HTML page, which is complete without its script. */
export function docsPage(document: OpenApiDocument, script: string | null): string {
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  const operations = operationsOf(document);
  const byTag = Map.groupBy(operations, ({ tags }) => tags[0]!);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Posthorn API</title><link rel="stylesheet" href="docs/style.css">${script === null ? undefined : html`<script type="module" src="assets/${script}"></script>`}</head>
<body>${navigation(byTag)}<main>
<h1>Posthorn API</h1><p>${prose(document.info.description ?? '')}</p>
<p class="soft">Send <code>Authorization: Bearer &lt;key&gt;</code>. Bodies are JSON in UTF-8. Durations look like <code>30s</code>, <code>5m</code> or <code>2h</code>; times are ISO 8601 in UTC. This reference as an OpenAPI document: <a href="openapi.json">openapi.json</a>.</p>
<h2 id="concepts">Concepts</h2><table>${CONCEPTS.map(({ word, meaning }) => html`<tr><td><strong>${word}</strong></td><td>${prose(meaning)}</td></tr>`)}</table>
${[...byTag].map(([tag, list]) => html`<h2 id="tag-${tag}">${tag}</h2>${list.map((listed) => operation(listed, schemas))}`)}
<h2 id="schemas">Schemas</h2>${Object.entries(schemas).map(([name, schema]) => schemaSection(name, schema))}
<h2 id="errors">Errors</h2><p>Every error response has the content type <code>application/problem+json</code> and the schema <a href="#schema-Problem">Problem</a>. Its <code>code</code> is one of these.</p>
${errors()}
</main></body></html>`;
  return page.html;
}

function operationsOf({ paths = {} }: OpenApiDocument): ListedOperation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, unknown>).map(([method, found]) => ({
      ...(found as Operation),
      method,
      path,
    })),
  );
}

const navigation = (byTag: Map<string, ListedOperation[]>): Html =>
  html`<nav><strong><a href="#concepts">Concepts</a></strong>${[...byTag].map(
    ([tag, list]) =>
      html`<strong><a href="#tag-${tag}">${tag}</a></strong>${list.map(
        ({ method, path, operationId }) =>
          html`<a class="call" href="#${operationId}"><span class="method ${method}">${method}</span>${path}</a>`,
      )}`,
  )}<strong><a href="#schemas">Schemas</a></strong><strong><a href="#errors">Errors</a></strong></nav>`;

function operation(listed: ListedOperation, schemas: Schemas): Html {
  const { method, path, operationId, summary, description, parameters = [], requestBody, responses } = listed;
  return html`<article id="${operationId}" data-operation>
<h3><span class="method ${method}">${method}</span> <span class="path">${path}</span></h3>
<p>${summary}. <span class="soft">${KEY_DESCRIPTIONS[listed['x-access']]}.</span></p>
${description ? html`<p>${prose(description)}</p>` : undefined}
${parameters.length > 0 ? html`<h4>Parameters</h4><table>${parameters.map(parameter)}</table>` : undefined}
${requestBody ? body(requestBody.content, schemas) : undefined}
<h4>Responses</h4><table>${Object.entries(responses).map(
    ([status, { description: text, content }]) =>
      html`<tr><td><strong>${status}</strong> ${responseType(content)}</td><td>${codesOf(text)}</td></tr>`,
  )}</table></article>`;
}

/** Each code of an error begins a line. */
const codesOf = (text: string): Html[] =>
  text.split(/(?<=\.) (?=`\w+`: )/).map((part) => html`<p>${prose(part)}</p>`);

const parameter = ({
  name,
  in: location,
  required,
  description,
  schema,
}: NonNullable<Operation['parameters']>[number]) =>
  html`<tr><td><code>${name}</code>${required ? ' *' : ''} <span class="soft">${location}</span></td>
<td>${describeType(schema)}<p class="soft">${prose(description ?? schema.description ?? '')}</p></td></tr>`;

function body(content: Content, schemas: Schemas): Html {
  const schema = Object.values(content)[0]?.schema ?? {};
  const example = JSON.stringify(exampleOf(schema, schemas), null, 2);
  return html`<h4>Body: ${describeType(schema)}</h4>${example ? html`<pre>${example}</pre>` : undefined}`;
}

function responseType(content: Content | undefined): Html | undefined {
  const [type, media] = Object.entries(content ?? {})[0] ?? [];
  if (type === undefined || type === 'application/problem+json') return undefined;
  const schema = media?.schema;
  const items = schema?.properties?.items;
  if (items) return html`<span class="soft">${describeType(items)}</span>`;
  return schema?.$ref ? describeType(schema) : html`<span class="soft">${schema ? '' : type}</span>`;
}

const schemaSection = (name: string, schema: SchemaNode): Html =>
  html`<article id="schema-${name}"><h3>${name}</h3>${schema.description ? html`<p>${prose(schema.description)}</p>` : undefined}${membersTable(schema)}</article>`;

const errors = (): Html[] =>
  Object.entries(PROBLEM_CODES).map(
    ([code, { title, help }]) =>
      html`<article id="error-${code}"><h3><code>${code}</code> <span class="soft">${statusesOf(code as ProblemCode).join(', ')}</span></h3><p>${title}.</p><p>${prose(help)}</p></article>`,
  );
