import { readFileSync } from 'node:fs';
import { readOptions } from '@evenly/service';
import { describe, expect, it } from 'vitest';
import { l7Proxy } from './program.ts';

const read = (...flags: string[]) => readOptions(l7Proxy, ['--config', 'mesh.yaml', ...flags], {});
const config = (...flags: string[]) => {
  const options = read(...flags);
  if (options.kind !== 'config') throw new Error(JSON.stringify(options));
  return options.config;
};

describe('--client-rates and --endpoint-rates', () => {
  it('have defaults, ten times as much at once', () => {
    expect(config().clientRates.resets).toEqual({ burst: 10_000, perSecond: 1000 });
    expect(config().endpointRates.windowUpdates).toEqual({ burst: 100_000, perSecond: 10_000 });
  });

  it('change what they name', () => {
    const { clientRates, endpointRates } = config(
      '--client-rates',
      'resets=50, empty-frames=3',
      '--endpoint-rates',
      'pings=7',
    );
    expect(clientRates.resets).toEqual({ burst: 500, perSecond: 50 });
    expect(clientRates.emptyFrames).toEqual({ burst: 30, perSecond: 3 });
    expect(clientRates.pings).toEqual(config().clientRates.pings);
    expect(endpointRates.pings).toEqual({ burst: 70, perSecond: 7 });
    expect(endpointRates.resets).toEqual(config().endpointRates.resets);
  });

  it.each([
    'resets',
    'resets=',
    'resets=0',
    'resets=-1',
    'resets=1.5',
    'resets=99999999',
    'toString=1',
    'floods=1',
  ])('refuse %j, and say what there is', (text) => {
    const refused = JSON.stringify(read('--client-rates', text));
    expect(refused).toContain('expected such as resets=2000,pings=50');
    expect(refused).toContain('window-updates');
  });

  it('stand in the docs with their defaults', () => {
    const docs = readFileSync(new URL('../../../docs/proxy-edge.md', import.meta.url), 'utf8');
    const { clientRates, endpointRates } = config();
    for (const [key, { perSecond }] of Object.entries(clientRates)) {
      const name = key.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
      const ofEndpoint = endpointRates[key as keyof typeof endpointRates].perSecond;
      const row = docs.split('\n').find((line) => line.startsWith(`| \`${name}\``));
      expect(
        row
          ?.split('|')
          .slice(2, 4)
          .map((cell) => Number(cell.trim())),
      ).toEqual([perSecond, ofEndpoint]);
    }
  });
});
