// Runs after tsc: writes the JSON Schema beside the built code, so that it is never older than the reader.
import { writeFileSync } from 'node:fs';
import { meshConfigJsonSchema } from '../dist/json-schema.js';

const file = new URL('../dist/mesh-config.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(meshConfigJsonSchema(), null, 2)}\n`);
