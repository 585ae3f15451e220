import type { HeaderBlock } from '@evenly/http2';

/** Values of several fields with one name count as one, joined by ",". */
export function headerValue(block: HeaderBlock, name: string): string | undefined {
  let joined: string | undefined;
  for (const field of block.fields) {
    if (field.name === name) joined = joined === undefined ? field.value : `${joined},${field.value}`;
  }
  return joined;
}
