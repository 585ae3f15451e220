import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extremeRoutes } from '../../testing/extreme-resources.ts';
import { mesh, meshListener, meshRoute, meshService } from '../../testing/mesh.ts';
import { serveRouting } from '../../testing/served-routing.ts';
import type { XdsRoutes } from '../model.ts';
import { splitRoutes } from './encoded-routes.ts';
import { parseRoutes, readRoutes } from './routes.ts';

const quiet = () => undefined;
const outcomeOf = (read: () => XdsRoutes) => {
  try {
    return { virtualHosts: read().virtualHosts };
  } catch (error) {
    return { error: (error as Error).message };
  }
};

describe('encoded routes', () => {
  it('are read as the whole message is, whatever was read before', () => {
    fc.assert(
      fc.property(fc.array(extremeRoutes, { minLength: 1, maxLength: 6 }), (worlds) => {
        let before: XdsRoutes | undefined;
        for (const world of [...worlds, ...worlds.reverse()]) {
          const { value } = world('routes');
          const whole = outcomeOf(() => parseRoutes(RouteConfiguration.decode(value), quiet));
          const read = outcomeOf(() => (before = readRoutes(splitRoutes(value), quiet, before)));
          expect(read).toEqual(whole);
        }
      }),
    );
  });

  it('keep the virtual hosts that are as they were', () => {
    const encodedOf = (target: string) => {
      const virtualHosts = ['a', 'b'].map((name) => ({
        domains: [name],
        routes: [meshRoute(name, name === 'a' ? target : 'one')],
      }));
      const listeners = [meshListener({ name: 'in', address: '0.0.0.0', port: 80, virtualHosts })];
      const { get } = serveRouting(mesh([meshService('one'), meshService('two')], { listeners }), 'proxy');
      return RouteConfiguration.encode(get('route', 'listener/in-route')!).finish();
    };
    const before = readRoutes(splitRoutes(encodedOf('one')), quiet);
    const after = readRoutes(splitRoutes(encodedOf('two')), quiet, before);
    expect(after.virtualHosts[0]!.routes[0]!.to).toEqual([{ service: 'two-cluster', weight: 1 }]);
    expect(after.virtualHosts[1]).toBe(before.virtualHosts[1]);
  });
});
