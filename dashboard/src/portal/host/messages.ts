/** Messages between the portal in a frame and its host page. Each has these two members. */
const ENVELOPE = { source: 'posthorn', version: 1 } as const;

export type ToHost =
  | { type: 'ready' }
  | { type: 'resize'; height: number }
  | { type: 'navigate'; path: string }
  | { type: 'session-expired' }
  | { type: 'endpoint-created'; id: string };

export type FromHost =
  | { type: 'theme'; mode?: 'light' | 'dark' | 'auto'; accent?: string }
  | { type: 'navigate'; path: string }
  | { type: 'link'; url: string };

export const toHost = (message: ToHost) => ({ ...ENVELOPE, ...message });

const isText = (value: unknown): value is string => typeof value === 'string';

/** The message that a host page has sent; undefined for everything else. Nothing of it is trusted. */
export function fromHost(data: unknown): FromHost | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { source, version, type, mode, accent, path, url } = data as Record<string, unknown>;
  if (source !== ENVELOPE.source || version !== ENVELOPE.version) return undefined;
  if (type === 'navigate' && isText(path) && isPath(path)) return { type, path };
  if (type === 'link' && isText(url)) return { type, url };
  if (type !== 'theme') return undefined;
  return {
    type,
    ...((mode === 'light' || mode === 'dark' || mode === 'auto') && { mode }),
    ...(isText(accent) && /^#[0-9A-Fa-f]{6}$/.test(accent) && { accent }),
  };
}

/** A path within the portal, not the address of another site. */
const isPath = (path: string): boolean => path.startsWith('/') && !/^\/[/\\]/.test(path);
