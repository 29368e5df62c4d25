import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** A file with the encodings in which it may be sent. */
export type BuiltFile = { type: string; body: Buffer; etag: string; br: Buffer | null; gzip: Buffer | null };

/** What `vite build` has made of the folder `dashboard`. */
export type BuiltPages = {
  /** The HTML of the operator's page; null if it was not built. */
  dashboard: string | null;
  /** The HTML of the portal's page. */
  portal: string | null;
  /** The script for pages that show the portal in a frame. */
  embed: BuiltFile | null;
  /** The path under `/assets/` of the script for the page /docs. */
  referenceScript: string | null;
  /** By their path under `/assets/`. */
  assets: Map<string, BuiltFile>;
  /** Changes with every build that differs. */
  build: string;
};

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
/** Already compressed. */
const NOT_COMPRESSED = ['.ico', '.png', '.woff2'];
/** A build compresses better, once; this is for files that come without. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/** Reads the built pages into memory; what is missing there is null, or no asset. */
export async function readBuiltPages(folder: string): Promise<BuiltPages> {
  const [dashboard, portal, embed, names] = await Promise.all([
    readTextIfExists(join(folder, 'operator.html')),
    readTextIfExists(join(folder, 'portal.html')),
    readBuiltFile(join(folder, 'posthorn-portal.js')),
    assetNames(join(folder, 'assets')),
  ]);
  const assets = new Map<string, BuiltFile>();
  for (const name of names) assets.set(name, (await readBuiltFile(join(folder, 'assets', name)))!);
  // Names of assets are hashes of their content.
  const build = shortHash([dashboard, portal, embed?.etag, ...names].join('\n'));
  const referenceScript = names.find((name) => /^reference-[^/]*\.js$/.test(name)) ?? null;
  return { dashboard, portal, embed, referenceScript, assets, build };
}

async function readBuiltFile(path: string): Promise<BuiltFile | null> {
  const body = await readIfExists(path);
  if (body === null) return null;
  const extension = extname(path);
  const compress = !NOT_COMPRESSED.includes(extension);
  return {
    type: TYPES[extension] ?? 'application/octet-stream',
    body,
    etag: `"${shortHash(body)}"`,
    br: compress
      ? ((await readIfExists(`${path}.br`)) ?? (await promisify(brotliCompress)(body, BROTLI)))
      : null,
    gzip: compress ? ((await readIfExists(`${path}.gz`)) ?? (await promisify(gzip)(body))) : null,
  };
}

/** Sorted paths with `/`, without the compressed forms. */
async function assetNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(nullIfMissing);
  return (entries ?? [])
    .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .toSorted();
}

const readIfExists = (path: string): Promise<Buffer | null> => readFile(path).catch(nullIfMissing);
const readTextIfExists = async (path: string): Promise<string | null> =>
  (await readIfExists(path))?.toString('utf8') ?? null;

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

const shortHash = (content: string | Buffer): string => hash('sha256', content, 'base64url').slice(0, 22);
