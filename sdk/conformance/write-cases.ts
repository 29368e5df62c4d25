import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { conformanceText } from './cases.ts';

writeFileSync(join(import.meta.dirname, 'signatures.json'), conformanceText());
