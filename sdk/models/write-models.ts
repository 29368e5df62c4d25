import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelFiles } from './model-files.ts';
import { openApiDocument } from './openapi-document.ts';

for (const [path, text] of Object.entries(modelFiles(await openApiDocument()))) {
  writeFileSync(join(import.meta.dirname, '..', path), text);
}
