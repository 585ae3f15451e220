import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonLines } from './json-lines.ts';

describe('JsonLines', () => {
  it('reads the same values however the bytes are cut, even within a letter', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 8 }), fc.array(fc.nat(40)), (values, cuts) => {
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
        const lines = new JsonLines();
        const read: unknown[] = [];
        let start = 0;
        for (const cut of [...cuts, bytes.length]) {
          read.push(...lines.push(bytes.subarray(start, start + cut)));
          start += cut;
        }
        expect(JSON.stringify(read)).toBe(JSON.stringify(values));
      }),
    );
  });

  it('ignores empty lines, and waits for the end of a line', () => {
    const lines = new JsonLines();
    expect(lines.push(Buffer.from('\n\r\n{"a":'))).toEqual([]);
    expect(lines.push(Buffer.from('1}\r\n'))).toEqual([{ a: 1 }]);
  });

  it('refuses what is no JSON, and shows how it begins', () => {
    const push = () => new JsonLines().push(Buffer.from('<html>\n'));
    expect(push).toThrow('what is no JSON: "<html>"');
    expect(push).toThrow(expect.objectContaining({ code: 'INVALID' }));
  });

  it('refuses a line that never ends', () => {
    const lines = new JsonLines();
    const chunk = Buffer.alloc(1024 * 1024, 'a');
    for (let mebibytes = 0; mebibytes < 4; mebibytes++) lines.push(chunk);
    expect(() => lines.push(chunk)).toThrow('more than 4194304 bytes');
  });
});
