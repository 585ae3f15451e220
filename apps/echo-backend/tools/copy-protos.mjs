// Reflection answers from the .proto text, so the text has to travel with the program: an image holds this folder only.
import { cpSync, mkdirSync } from 'node:fs';

const from = new URL('../../../proto/echo/', import.meta.url);
const to = new URL('../dist/proto/echo/', import.meta.url);
mkdirSync(to, { recursive: true });
cpSync(from, to, { recursive: true });
