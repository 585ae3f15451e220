import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, pages } from './blocks.ts';
import { copyOfCheckout, Reader } from './reader.ts';

let folder: string;
beforeAll(() => {
  folder = copyOfCheckout();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('commands of the pages', () => {
  const told = pages().flatMap((page) => {
    const blocks = blocksOf(page).filter(({ marker }) => marker?.kind === 'run' || marker?.kind === 'file');
    return blocks.length === 0 ? [] : [{ page, blocks }];
  });

  it.each(told)('$page', async ({ blocks }) => {
    const reader = new Reader(folder);
    try {
      for (const block of blocks) await reader.follow(block);
    } finally {
      await reader.leave();
    }
    expect(blocks.some(({ marker }) => marker?.kind === 'run')).toBe(true);
  });
});
