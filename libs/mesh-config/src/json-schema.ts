import * as z from 'zod';
import { meshFormat } from './file-format/mesh-format.ts';

/**
 * The JSON Schema of mesh config files, for editors: they complete fields and mark what is wrong while one writes. It
 * cannot say how parts fit together (unknown services, shadowed routes); the readers check that too.
 * Draft 7, because that is what the YAML language server knows.
 */
export function meshConfigJsonSchema(): object {
  return z.toJSONSchema(meshFormat, { io: 'input', target: 'draft-7' });
}
