import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateModelFiles } from './model-files.ts';
import { loadOpenApiDocument } from './openapi-document.ts';

for (const [path, text] of Object.entries(generateModelFiles(await loadOpenApiDocument()))) {
  writeFileSync(join(import.meta.dirname, '..', path), text);
}
