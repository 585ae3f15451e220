import { createHash } from 'node:crypto';
import { endpointSet, type Endpoint } from '@evenly/endpoints';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentText, readSnapshot, writeSnapshot } from './snapshot-text.ts';

const full: Endpoint = {
  address: '10.0.0.1',
  port: 1,
  additionalAddresses: ['fd00::1'],
  hostname: 'pod-1',
  region: 'r',
  zone: 'a',
  forZones: ['a', 'b'],
  forNodes: ['n'],
  priority: 1,
  weight: 0,
  state: 'serving-terminating',
};
const plain: Endpoint = { address: 'fd00::2', port: 65_535, state: 'ready' };

const goodAtMs = Date.UTC(2026, 0, 1);
const textOf = (byName: Record<string, readonly Endpoint[]>) =>
  writeSnapshot(
    Object.entries(byName).map(([source, endpoints]) => ({
      ...{ kind: 'endpoints', source, goodAtMs },
      text: contentText(endpointSet(endpoints)),
    })),
  );
const whole = textOf({ 'dns-a a': [full, plain], none: [] });

describe('a snapshot', () => {
  it('is read as it was written', () => {
    expect(readSnapshot(whole)).toEqual([
      { kind: 'endpoints', source: 'dns-a a', content: endpointSet([full, plain]), goodAtMs },
      { kind: 'endpoints', source: 'none', content: endpointSet([]), goodAtMs },
    ]);
    expect(readSnapshot(textOf({}))).toEqual([]);
    const objects = [{ metadata: { name: 'a' } }, {}];
    const part = { kind: 'objects', source: 'Service', goodAtMs } as const;
    expect(readSnapshot(writeSnapshot([{ ...part, text: contentText(objects) }]))).toEqual([
      { ...part, content: objects },
    ]);
  });

  it('may have parts that this version does not know', () => {
    const other = JSON.stringify({ kind: 'mesh-config', text: 'services: {}' });
    expect(readSnapshot(signed(`${firstLine}\n${other}\n`))).toEqual([]);
  });

  it('that is cut off anywhere is none', () => {
    for (let length = 0; length < whole.length - 1; length++)
      expect(() => readSnapshot(whole.slice(0, length)), `${length} characters`).toThrow();
  });

  it('of which anything was changed is none', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 2), fc.string({ minLength: 1, maxLength: 1 }), (at, other) => {
        fc.pre(whole[at] !== other);
        expect(() => readSnapshot(whole.slice(0, at) + other + whole.slice(at + 1))).toThrow();
      }),
    );
  });

  it('that is any other text is none', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        (text) => void expect(() => readSnapshot(text)).toThrow(),
      ),
    );
  });
});

const [firstLine = ''] = whole.split('\n');

/** As somebody else would write it, who knows the format. */
function signed(before: string): string {
  const [last = ''] = writeSnapshot([]).split('\n').slice(-2);
  const { sha256 } = JSON.parse(last) as { sha256: string };
  return `${before}${last.replace(sha256, hashOf(before))}\n`;
}
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

it.each([
  ['{"format":"evenly-snapshot","version":2}', /does not begin/],
  ['{"format":"other","version":1}', /does not begin/],
  [`${firstLine}\n[]`, /line 2 is no part/],
  [`${firstLine}\n${part({})}`, /line 2: /],
  [`${firstLine}\n${part({ source: 'a', goodAt: 'yesterday', endpoints: [] })}`, /goodAt/],
  [`${firstLine}\n${endpointPart({ address: 'pod.example.org' })}`, /must be an IP address/],
  [`${firstLine}\n${endpointPart({ port: 0 })}`, /port/],
  [`${firstLine}\n${endpointPart({ state: 'well' })}`, /state/],
  [`${firstLine}\n${endpointPart({ __proto__x: 1 })}`, /nrecognized key/],
  [
    `${firstLine}\n${part({ kind: 'objects', source: 'a', goodAt: '2026-01-01T00:00:00Z', objects: [7] })}`,
    /objects/,
  ],
])('refuses what is signed but no good: %s', (before, reason) => {
  expect(() => readSnapshot(signed(`${before}\n`))).toThrow(reason);
});

function part(fields: object): string {
  return JSON.stringify({ kind: 'endpoints', ...fields });
}

function endpointPart(fields: object): string {
  return part({ source: 'a', goodAt: '2026-01-01T00:00:00.000Z', endpoints: [{ ...plain, ...fields }] });
}
