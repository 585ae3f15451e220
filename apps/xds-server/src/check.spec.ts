import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check as checkFiles } from './check.ts';

const check = async (text: string) => {
  const file = join(mkdtempSync(join(tmpdir(), 'check-')), 'mesh.yaml');
  writeFileSync(file, text);
  const lines: string[] = [];
  return { code: await checkFiles([file], (line) => lines.push(line)), lines };
};
const service = (more: string) =>
  `services:\n  echo:\n    source: { static: { endpoints: ['127.0.0.1:1'] } }\n    ${more}\n`;

it('`check` says what some clients do in another way, and is content', async () => {
  const { code, lines } = await check(service('policy: { slowStart: { window: 10s } }'));
  expect(code).toBe(0);
  expect(lines[0]).toMatch(/mesh\.yaml: good \(services: 1, routes: 0, listeners: 0\)$/);
  expect(lines).toContainEqual(
    'warning: echo: policy.slowStart: in Node; Go; C++, Python, …; Java: new endpoints get their full share at once',
  );
});

it('`check` says a fault with file, line and field, and exits 64', async () => {
  const { code, lines } = await check(service('policie: {}'));
  expect(code).toBe(64);
  expect(lines).toEqual([
    expect.stringMatching(
      /mesh\.yaml:4: services\.echo\.policie: is not a field that is known here; did you mean policy\?$/,
    ),
  ]);
});

it('`check` says that there is no such file, and which options it has not', async () => {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  expect(await checkFiles(['/no/mesh.yaml'], say)).toBe(64);
  expect(await checkFiles(['--strict', 'mesh.yaml'], say)).toBe(64);
  expect(lines).toEqual([
    '/no/mesh.yaml: there is no such file',
    'xds-server check has no options, but got --strict',
    'usage: xds-server check FILE…',
  ]);
});
