import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { ICON_NAMES } from './src/kit/icons/icon-names.ts';

const root = import.meta.dirname;
const repository = join(root, '..');

/** Provides the shapes of the icons that are used, and only those, as `virtual:icons`. */
function icons(): Plugin {
  const id = '\0virtual:icons';
  return {
    name: 'icons',
    resolveId: (source) => (source === 'virtual:icons' ? id : undefined),
    load(loaded) {
      if (loaded !== id) return undefined;
      const file = join(repository, 'node_modules/lucide-static/icon-nodes.json');
      const nodes = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      const used = ICON_NAMES.map((name) => {
        if (!nodes[name]) throw new Error(`lucide-static has no icon ${name}`);
        return [name, nodes[name]];
      });
      return `export default ${JSON.stringify(Object.fromEntries(used))};`;
    },
  };
}

/** Writes each asset compressed beside it, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          if (!/^assets\/.*\.(js|css|svg)$/.test(fileName)) continue;
          const content = Buffer.from(file.type === 'chunk' ? file.code : file.source);
          this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotliCompressSync(content) });
          this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(content) });
        }
      },
    },
  };
}

/** The address of the running installation, for the development server. */
function apiUrl(): string {
  const file = join(repository, '.posthorn/api-url');
  if (process.env.POSTHORN_URL) return process.env.POSTHORN_URL;
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : 'http://127.0.0.1:4000';
}

export default defineConfig(({ command }) => ({
  root,
  // Relative, so that one build works under any path. The server makes the paths in the page absolute.
  base: command === 'build' ? './' : '/',
  appType: 'spa',
  resolve: {
    // Makes all elements, so that text of others reorders nothing around it on any screen.
    alias: [{ find: /^foreign-text\/(jsx\S*)$/, replacement: join(root, 'src/kit/text/foreign/$1.ts') }],
  },
  plugins: [react({ jsxImportSource: 'foreign-text' }), icons(), compressed(), pages()],
  css: { modules: { localsConvention: 'camelCaseOnly' } },
  build: {
    outDir: 'dist',
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // All three know `light-dark()` and nesting, so that the styles stay as they are written.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    rolldownOptions: {
      input: {
        operator: join(root, 'operator.html'),
        portal: join(root, 'portal.html'),
        'posthorn-portal': join(root, 'embed/posthorn-portal.ts'),
        reference: join(root, 'src/reference/main.ts'),
      },
      output: {
        // Pages of others name it, so it has no hash.
        entryFileNames: ({ name }) => (name === 'posthorn-portal' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
      checks: { pluginTimings: false },
    },
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(
      ['/v1', '/docs', '/openapi.json', '/readyz'].map((path) => [path, { target: apiUrl() }]),
    ),
  },
}));

/** Serves the pages at every path under /dashboard/ and /portal/ while developing, as the API does. */
function pages(): Plugin {
  return {
    name: 'pages',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        if (request.url === '/' || request.url?.startsWith('/dashboard')) request.url = '/operator.html';
        if (request.url?.startsWith('/portal/')) request.url = '/portal.html';
        next();
      });
    },
  };
}
