/** A URL without its scheme, as lists show it. */
export const shortUrl = (url: string): string => url.replace(/^https?:\/\//, '');
