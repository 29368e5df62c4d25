import { collectNamedTypes } from './named-types.ts';
import type { OpenApi } from './openapi-document.ts';
import { generatePython } from './python.ts';
import { generateTypescript } from './typescript.ts';

/** Returns the contents of both SDKs' type files by path in the folder `sdk`. A test compares them with the files. */
export function generateModelFiles(document: OpenApi): Record<string, string> {
  const types = collectNamedTypes(document);
  return {
    'typescript/src/models.ts': generateTypescript(types),
    'python/src/posthorn/models.py': generatePython(types),
  };
}
