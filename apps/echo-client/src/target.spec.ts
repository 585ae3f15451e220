import { describe, expect, it } from 'vitest';
import { target } from './target.ts';

describe('takes', () => {
  it.each([
    ['server:50051', 'dns:///server:50051'],
    ['server', 'dns:///server'],
    ['127.0.0.1:50051', 'dns:///127.0.0.1:50051'],
    ['[::1]:50051', 'dns:///[::1]:50051'],
    ['dns:///server:50051', 'dns:///server:50051'],
    ['dns:server:50051', 'dns:server:50051'],
    ['dns://8.8.8.8/server:50051', 'dns://8.8.8.8/server:50051'],
    ['k8s:///be1-srv.default:grpc', 'k8s:///be1-srv.default:grpc'],
    ['kubernetes:///default/be1-srv/50051', 'kubernetes:///default/be1-srv/50051'],
    ['dns+srv:///_grpc._tcp.be1-srv', 'dns+srv:///_grpc._tcp.be1-srv'],
    ['file:///etc/endpoints.json', 'file:///etc/endpoints.json'],
    ['ipv6:[::1]:1,[::2]:2', 'ipv6:[::1]:1,[::2]:2'],
    ['unix:/run/echo.sock', 'unix:/run/echo.sock'],
    ['xds:///be1-srv', 'xds:///be1-srv'],
  ])('%s', (text, expected) => {
    expect(target().parse(text)).toBe(expected);
  });
});

describe('refuses, and says what it wants', () => {
  it.each([
    '',
    ' ',
    'nope:///x',
    'http://server:50051',
    'server:port',
    'server:99999',
    'dns:///',
    'dns:',
    'a b:1',
  ])('%j', (text) => {
    const { error } = target().safeParse(text);
    expect(error?.issues[0]?.message).toContain('expected HOST:PORT or a gRPC target with a scheme (dns,');
  });
});
