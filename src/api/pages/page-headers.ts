/** What a page may load and connect to: its own origin. Scripts and styles are files, so nothing inline is allowed. */
const contentSecurityPolicy = (frameAncestors: string[], imageOrigins: string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${["'self'", 'data:', ...imageOrigins].join(' ')}`,
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ')}`,
  ].join('; ');

/** The headers of a page that may be shown in frames of `frameAncestors`, and shows images from `imageOrigins`. */
export const pageHeaders = (
  frameAncestors: string[] = [],
  imageOrigins: string[] = [],
): Record<string, string> => ({
  'cache-control': 'no-cache',
  'content-security-policy': contentSecurityPolicy(frameAncestors, imageOrigins),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'clipboard-write=(self)',
});

/** An asset is named by the hash of its content, so it never changes. */
export const ASSET_HEADERS = {
  'cache-control': 'public, max-age=31536000, immutable',
  'content-security-policy': "default-src 'none'",
  vary: 'accept-encoding',
};

/** The script for pages of other origins. */
export const EMBED_HEADERS = {
  'cache-control': 'public, max-age=3600',
  'content-security-policy': "default-src 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  vary: 'accept-encoding',
};
