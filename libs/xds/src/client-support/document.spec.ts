import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { clientSupportTable } from './document.ts';

/** Columns are as wide as their widest cell in the file. */
const narrow = (text: string) => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---').trim();

it('docs/client-support.md has the table as it is here', async () => {
  const document = await readFile(new URL('../../../../docs/client-support.md', import.meta.url), 'utf8');
  const [, table = ''] = /<!-- table -->(.*)<!-- end of table -->/s.exec(document) ?? [];
  expect(narrow(table)).toBe(narrow(clientSupportTable()));
});
