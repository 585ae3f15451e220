import { readFile } from 'node:fs/promises';
import { endpointSet } from '@evenly/endpoints';
import { readMeshConfig } from '@evenly/mesh-config';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { DiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { describe, expect, it } from 'vitest';
import * as xds from './index.ts';
import { message } from './resources/message.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

/** Runs the text of the example as it stands, with its own console, for a client that sends `request`. */
function run(request: DiscoveryRequest): unknown[] {
  const printed: unknown[] = [];
  const code = /```js\n(.*?)```/s.exec(readme)![1]!.replace(/^import .*$/gm, '');
  const console = { log: (value: unknown) => printed.push(value) };
  const known = { ...xds, endpointSet, readMeshConfig, console, request };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the example's own text, so that it cannot go stale
  (new Function(...Object.keys(known), code) as (...values: unknown[]) => void)(...Object.values(known));
  return printed;
}

describe('the README', () => {
  it.each(['listener', 'cluster', 'endpoints'] as const)(
    'has an example that works: a %s is sent',
    (type) => {
      const name = type === 'listener' ? 'be1-srv' : xds.clusterName('be1-srv');
      const subscribe = {
        typeUrl: xds.typeUrlOf(type),
        resourceNames: [name],
        node: message(Node, { id: 'a' }),
      };
      const printed = run(message(DiscoveryRequest, subscribe));
      expect(printed).toHaveLength(1);
      expect(printed[0]).toBeGreaterThan(100);
    },
  );

  it('says the limits as they are', () => {
    const { defaultLimits: limits } = xds;
    expect(readme).toContain(`${limits.names.toLocaleString('en')} names of at most ${limits.nameLength}`);
  });
});
