import { describe, expect, it } from 'vitest';
import { blocksOf, hasCommands, pages } from './blocks.ts';

describe('blocks of the pages', () => {
  it('each with commands is run, or says why not', () => {
    const silent = pages()
      .flatMap(blocksOf)
      .filter((block) => hasCommands(block) && block.marker === undefined)
      .map(({ at }) => `${at}: commands without a marker, such as "run" or "skip: why"`);
    expect(silent).toEqual([]);
  });
});
