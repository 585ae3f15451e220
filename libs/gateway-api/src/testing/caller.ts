import { Router, type RoutedRequest } from '@evenly/mesh-config';
import type { TestCluster } from './cluster.ts';

interface Call {
  authority?: string;
  method?: string;
  headers?: Record<string, string>;
}

/**
 * Makes calls to a port of the cluster's Gateway, as far as its proxy finds a route.
 * @returns the backends that it may go to, `refused` among them; undefined where no route takes it
 */
export function caller(cluster: TestCluster, port = 80) {
  const { virtualHosts } = cluster.translate().listeners.find((one) => one.port === port)!;
  const router = new Router(virtualHosts!, ({ to }) =>
    to.map(({ service }) => service?.split('.')[0] ?? 'refused').join(),
  );
  return (path: string, { authority = 'any.example:80', method = 'POST', headers = {} }: Call = {}) => {
    const request: RoutedRequest = { authority, path, method, header: (name) => headers[name] };
    return router.find(request);
  };
}
