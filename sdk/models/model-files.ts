import { namedTypes } from './named-types.ts';
import type { OpenApi } from './openapi-document.ts';
import { pythonModels } from './python.ts';
import { typescriptModels } from './typescript.ts';

/** Returns the contents of both SDKs' type files by path in the folder `sdk`. A test compares them with the files. */
export function modelFiles(document: OpenApi): Record<string, string> {
  const types = namedTypes(document);
  return {
    'typescript/src/models.ts': typescriptModels(types),
    'python/src/posthorn/models.py': pythonModels(types),
  };
}
