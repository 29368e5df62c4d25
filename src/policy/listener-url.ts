/** The URL of an endpoint that is a listener: `listener:` and its label. No other URL begins so. */
export const LISTENER_SCHEME = 'listener:';

export const listenerUrl = (label: string): string => LISTENER_SCHEME + label;

export const isListenerUrl = (url: string): boolean => url.startsWith(LISTENER_SCHEME);

export const labelOf = (url: string): string => url.slice(LISTENER_SCHEME.length);
