import { DiscoveryError, type DiscoveryErrorCode } from '@evenly/endpoints';
import { readMeshConfig } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { SourceGates, type MayDoWithout } from './source-gates.ts';

const configOf = (names: readonly string[], subsets = '') =>
  readMeshConfig(
    `services:\n${names
      .map((name) => `  ${name}: { source: { static: { endpoints: ["10.0.0.1:1"] } }${subsets} }\n`)
      .join('')}`,
    'mesh.yaml',
  );

/** The gates of a config, as a program keeps them. */
function gatesOf(names: readonly string[], subsets?: string) {
  const waiting = new Map<string, () => string>();
  let mayDoWithout: MayDoWithout = () => false;
  let all = 0;
  const gates = new SourceGates((asked) => {
    mayDoWithout = asked;
    return {
      add: (_kind, name, why) => void (all++, waiting.set(name, why)),
      pass: (name) => void waiting.delete(name),
      get waiting() {
        return [...waiting.keys()];
      },
    };
  });
  gates.waitFor(configOf(names, subsets));
  return {
    gates,
    reasons: () => Object.fromEntries([...waiting].map(([name, why]) => [name, why()])),
    mayDoWithout: () => mayDoWithout([...waiting.keys()], all),
  };
}
const error = (code: DiscoveryErrorCode) => new DiscoveryError(code, `it is ${code}`);
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

describe('the sources of the first config', () => {
  it('are waited for, those of subsets too, with what each said last', () => {
    const subsets = ', subsets: { v2: { source: { static: { endpoints: ["10.0.0.1:1"] } } } }';
    const { gates, reasons } = gatesOf(['a', 'b'], subsets);
    gates.failed('a', error('FORBIDDEN'));
    gates.failed('a/v2', error('UNREACHABLE'));
    gates.told('b');
    gates.failed('b', error('UNREACHABLE'));
    expect(reasons()).toEqual({
      a: 'it is FORBIDDEN',
      'a/v2': 'it is UNREACHABLE',
      'b/v2': 'has not answered yet',
    });
  });

  it('are not waited for any more when a later config has them no more; what is new in it is not waited for', () => {
    const { gates, reasons } = gatesOf(['a', 'b']);
    gates.retain(configOf(['b', 'c']));
    expect(Object.keys(reasons())).toEqual(['b']);
  });
});

describe('a program does without', () => {
  it('services whose fault is their own, but not without all of them', () => {
    const { gates, mayDoWithout } = gatesOf(['a', 'b', 'c']);
    gates.failed('a', error('NO_PORT'));
    gates.failed('b', error('NO_HEALTH_ANSWER'));
    gates.failed('c', error('TOO_MANY'));
    expect(mayDoWithout()).toBe(false);
    gates.told('c');
    expect(mayDoWithout()).toBe(true);
  });

  it.each<DiscoveryErrorCode>(['UNREACHABLE', 'FORBIDDEN', 'UNAUTHORIZED', 'INVALID', 'BAD_CONFIG'])(
    'a tenth of those that cannot be asked, and not more: %s',
    (code) => {
      const { gates, mayDoWithout } = gatesOf(numbered(20));
      for (const name of numbered(18).slice(1)) gates.told(name);
      gates.failed('s0', error(code));
      expect(mayDoWithout()).toBe(false);
      gates.told('s18');
      expect(mayDoWithout()).toBe(true);
    },
  );

  it('none of a few that cannot be asked', () => {
    const { gates, mayDoWithout } = gatesOf(numbered(9));
    for (const name of numbered(8)) gates.told(name);
    expect(mayDoWithout()).toBe(false);
  });
});
