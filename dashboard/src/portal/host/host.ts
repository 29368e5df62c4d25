import { type FromHost, fromHost, type ToHost, toHost } from './messages.ts';

export const isFramed = window.parent !== window;

/** Those that the project lists. The policy of the page lets no other origin show it in a frame. */
let listed: string[] = [];
export function trustOrigins(origins: string[]): void {
  listed = origins;
}

/** The origin of the host page, where the browser tells it. */
function hostOrigin(): string | undefined {
  const [ancestor] = location.ancestorOrigins ?? [];
  if (ancestor !== undefined) return ancestor;
  return document.referrer === '' ? undefined : new URL(document.referrer).origin;
}

/** A message that names its receiver is delivered to this origin only. */
function receivers(): string[] {
  const origin = hostOrigin();
  if (origin === undefined) return listed;
  // Before there is a session the list is not known.
  return listed.length === 0 || listed.includes(origin) ? [origin] : [];
}

export function tellHost(message: ToHost): void {
  if (!isFramed) return;
  for (const origin of receivers()) window.parent.postMessage(toHost(message), origin);
}

/** Hands on what the host page says. Returns a function that ends it. */
export function listenToHost(handle: (message: FromHost) => void): () => void {
  const onMessage = ({ source, origin, data }: MessageEvent): void => {
    if (source !== window.parent || !receivers().includes(origin)) return;
    const message = fromHost(data);
    if (message) handle(message);
  };
  addEventListener('message', onMessage);
  return () => removeEventListener('message', onMessage);
}

/** A frame that is lower than this could not show a dialog. */
const MIN_HEIGHT = 560;

/** Tells the host page the height of the content, whenever it changes. */
export function tellHeight(content: HTMLElement): void {
  if (!isFramed) return;
  document.documentElement.dataset.framed = '';
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.max(MIN_HEIGHT, Math.ceil(content.getBoundingClientRect().height));
    if (height === told) return;
    told = height;
    tellHost({ type: 'resize', height });
  }).observe(content);
}
