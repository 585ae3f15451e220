import type { ChannelOptions } from '@grpc/grpc-js';

/** Their targets have a name or an address, which an HTTP proxy can be asked to connect to. */
const reachedByProxies = /^(dns|ipv4|ipv6|unix):/;

/**
 * For every channel. `grpc_proxy`, `https_proxy` and `http_proxy` make grpc-js call the proxy instead of the target. For
 * targets that stand for endpoints (xds, k8s, dns+srv, file …) that means that nobody looks for them, and calls fail.
 * @param target with a scheme
 */
export function httpProxyOptions(target: string): ChannelOptions {
  return reachedByProxies.test(target) ? {} : { 'grpc.enable_http_proxy': 0 };
}
