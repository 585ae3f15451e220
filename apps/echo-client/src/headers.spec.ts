import { connect, constants, createServer } from 'node:http2';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { headers, singleValued } from './headers.ts';

it('takes several, one name several times, and values with an equals sign', () => {
  const metadata = headers().parse('a=1, b=x=y ,a=2,,empty=');
  expect(metadata.getMap()).toMatchObject({ b: 'x=y', empty: '' });
  expect(metadata.get('a')).toEqual(['1', '2']);
});

it.each([
  ['novalue', 'expected name=value'],
  ['=x', 'expected name=value'],
  ['trace-bin=x', 'binary'],
  ['Trace-Bin=x', 'binary'],
  ['grpc-timeout=1S', 'gRPC sets headers'],
  ['te=trailers', 'gRPC sets headers'],
  ['Content-Type=text/html', 'gRPC sets headers'],
  ['content-length=1', 'gRPC sets headers'],
  ['user-agent=me', 'gRPC sets headers'],
  ['connection=close', 'HTTP/2 forbids'],
  ['Keep-Alive=timeout=5', 'HTTP/2 forbids'],
  ['proxy-connection=x', 'HTTP/2 forbids'],
  ['transfer-encoding=chunked', 'HTTP/2 forbids'],
  ['upgrade=h2c', 'HTTP/2 forbids'],
  ['host=shop', 'HTTP/2 forbids'],
  ['a= x', 'begin or end with a blank'],
  ['date=1,Date=2', 'once only'],
  [':path=/', 'gRPC sets headers'],
  ['bad name=x', 'illegal characters'],
  ['a=line\nbreak', 'illegal characters'],
])('refuses %j', (text, reason) => {
  expect(headers().safeParse(text).error?.issues[0]?.message).toContain(reason);
});

it('refuses twice what Node sends once only, and nothing else', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
  await once(session, 'connect');
  const isRefused = (name: string) => {
    try {
      session.request({ ':path': '/', [name]: ['1', '2'] }).close(constants.NGHTTP2_CANCEL);
      return false;
    } catch (error) {
      return (error as { code?: string }).code === 'ERR_HTTP2_HEADER_SINGLE_VALUE';
    }
  };
  for (const name of singleValued) {
    expect(isRefused(name), name).toBe(true);
    expect(headers().safeParse(`${name}=1,${name}=2`).success, name).toBe(false);
  }
  for (const name of ['x-canary', 'cookie', 'accept', 'forwarded', 'via', 'origin', 'server', 'baggage']) {
    expect(isRefused(name), name).toBe(false);
    expect(headers().safeParse(`${name}=1,${name}=2`).success, name).toBe(true);
  }
  session.destroy();
  server.close();
});

it('names every fault', () => {
  expect(headers().safeParse('one,two').error?.issues).toHaveLength(2);
});
