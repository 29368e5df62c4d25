import { headersOf, indented, readBody } from './answer.ts';
import { element } from './elements.ts';
import {
  choicesOf,
  curlOf,
  type Filled,
  type Operation,
  operationsOf,
  type Parameter,
  prepare,
} from './operation.ts';

/** The address of the API: the page is `docs` under it. */
const apiUrl = new URL('.', location.href).href.replace(/\/$/, '');

let operations: Promise<Map<string, Operation>> | undefined;
const loadOperations = (): Promise<Map<string, Operation>> =>
  (operations ??= fetch(`${apiUrl}/openapi.json`)
    .then((response) => response.json())
    .then(operationsOf));

/** Who is signed in to the dashboard. */
type Caller = { words: string; project: string };

/** With the admin key, a call about one project names it; it is filled in if there is only one. */
async function readCaller(): Promise<Caller> {
  const headers = { 'Posthorn-Dashboard': '1' };
  const read = async (path: string) => {
    const response = await fetch(apiUrl + path, { headers, credentials: 'same-origin' });
    return response.ok ? response.json() : null;
  };
  const session = await read('/v1/session');
  if (session === null) return { words: 'Nobody is signed in.', project: '' };
  const only = session.access === 'read' ? ', which only reads' : '';
  if (session.kind !== 'admin')
    return { words: `Sent with the session of this project${only}.`, project: '' };
  const { items } = (await read('/v1/projects?limit=2')) ?? { items: [] };
  const project = items.length === 1 ? items[0].id : '';
  return { words: `Sent with the admin's session${only}.`, project };
}

/** Adds a button to each call that opens a form to send it, with the rights of who is signed in to the dashboard. */
export function addTryIt(): void {
  for (const article of document.querySelectorAll<HTMLElement>('article[data-operation]')) {
    const button = element('button', { type: 'button', class: 'try', click: open }, 'Try it');
    article.querySelector('h3')?.after(button);

    async function open(): Promise<void> {
      const operation = (await loadOperations()).get(article.id);
      if (!operation) return;
      const form = formOf(operation, article.querySelector('pre')?.textContent ?? '', await readCaller());
      button.replaceWith(form);
      form.querySelector<HTMLElement>('input, select, textarea, button')?.focus();
    }
  }
}

function formOf(operation: Operation, example: string, { words, project }: Caller): HTMLFormElement {
  const fields = new Map(operation.parameters.map((parameter) => [parameter, fieldOf(parameter)]));
  for (const [parameter, field] of fields) if (parameter.name === 'Posthorn-Project') field.value = project;
  const body = element('textarea', { rows: '8', spellcheck: 'false', 'aria-label': 'Body' });
  body.value = example;
  const send = element('button', { type: 'submit', class: 'try' }, 'Send');
  const stop = element('button', { type: 'button', hidden: true }, 'Stop');
  const output = element('div', { role: 'status' });
  const caller = element('span', { class: 'soft' }, words);
  const form = element(
    'form',
    { class: 'trial', 'aria-label': `Try ${operation.method} ${operation.path}` },
    ...[...fields].map(([parameter, field]) => labelled(parameter, field)),
    ...(operation.hasBody ? [element('label', {}, 'Body', body)] : []),
    element('p', {}, send, ' ', stop, ' ', caller),
    output,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const values = new Map([...fields].map(([parameter, { value }]) => [parameter, value.trim()]));
    void sendAndShow(operation, { values, body: body.value }, { send, stop, output });
    // Somebody may have signed in or out since, in another tab.
    void readCaller().then((now) => caller.replaceChildren(now.words));
  });
  return form;
}

function fieldOf(parameter: Parameter): HTMLInputElement | HTMLSelectElement {
  const choices = choicesOf(parameter);
  const required = parameter.in === 'path';
  if (!choices) return element('input', { required, autocomplete: 'off', spellcheck: 'false' });
  return element('select', { required }, ...['', ...choices].map((choice) => element('option', {}, choice)));
}

const labelled = ({ name, in: place }: Parameter, field: HTMLElement): HTMLElement =>
  element(
    'label',
    {},
    element('code', {}, place === 'path' ? `${name} *` : name),
    ' ',
    element('span', { class: 'soft' }, place),
    field,
  );

type Controls = { send: HTMLButtonElement; stop: HTMLButtonElement; output: HTMLElement };

async function sendAndShow(
  operation: Operation,
  filled: Filled,
  { send, stop, output }: Controls,
): Promise<void> {
  const { method, path, headers, body } = prepare(operation, filled);
  const controller = new AbortController();
  stop.onclick = () => controller.abort();
  send.disabled = true;
  stop.hidden = false;
  const summary = element('p', {}, 'Sent …');
  const text = element('pre', { tabindex: '0', 'aria-label': 'Body of the response' });
  output.replaceChildren(summary, text, curlSection(curlOf({ method, path, headers, body }, apiUrl)));
  const began = performance.now();
  try {
    const response = await fetch(apiUrl + path, {
      method,
      // Only a page of this origin can send it: no form of another can use the session.
      headers: { ...headers, 'Posthorn-Dashboard': '1' },
      body,
      credentials: 'same-origin',
      signal: controller.signal,
    });
    const ms = Math.round(performance.now() - began);
    summary.replaceChildren(
      element('strong', {}, `${response.status} ${response.statusText}`),
      ` after ${ms} ms.`,
      ...(response.status === 401 ? [' ', ...signInHint()] : []),
    );
    text.before(
      element('details', {}, element('summary', {}, 'Headers'), element('pre', {}, headersOf(response))),
    );
    const whole = await readBody(response, (soFar) => (text.textContent = soFar));
    text.textContent = indented(whole);
    text.hidden = whole === '';
  } catch (error) {
    if (!controller.signal.aborted) summary.textContent = `There was no answer: ${(error as Error).message}`;
    else if (text.textContent === '') summary.textContent = 'Stopped.';
  } finally {
    send.disabled = false;
    stop.hidden = true;
  }
}

const signInHint = (): (Node | string)[] => [
  'Calls from this page have the rights of who is signed in to the ',
  element('a', { href: `${apiUrl}/dashboard/`, target: '_blank' }, 'dashboard'),
  '. Sign in there, and send it again.',
];

const curlSection = (curl: string): HTMLElement =>
  element('details', {}, element('summary', {}, 'The same as curl'), element('pre', {}, curl));
