import { expect, it } from 'vitest';
import { httpProxyOptions } from './http-proxy.ts';

it.each([
  'xds:///be1-srv',
  'k8s:///a.b:1',
  'kubernetes:///a/b/1',
  'dns+srv:///a',
  'dns+a:///a:1',
  'file:///a',
])('%s is followed past any HTTP proxy', (target) => {
  expect(httpProxyOptions(target)).toEqual({ 'grpc.enable_http_proxy': 0 });
});

it.each(['dns:///a:1', 'dns:a', 'ipv4:10.0.0.1:1', 'ipv6:[::1]:1', 'unix:/a'])(
  '%s is reached as grpc-js reaches it',
  (target) => expect(httpProxyOptions(target)).toEqual({}),
);
