import { ErrorCode } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { getOf, requestOf, type RawFields } from '../testing/raw-client.ts';
import { namesOf, throughProxy, valuesOf } from './fixture.ts';

describe('fields of a request', () => {
  it('blanks around values are left out, whoever sent them', async () => {
    await using t = await throughProxy();
    const blanks = [
      ['x-lead', ' a'],
      ['x-trail', 'a\t '],
      ['x-inside', 'a  b'],
      ['x-only', '   '],
      ['x-many', ' 1'],
      ['x-many', '2 '],
    ] as const;
    const answer = await t.client.request(requestOf({ 'grpc-timeout': ' 20S ' }, blanks));
    expect(answer.trailers).toContainEqual(['grpc-status', '0']);
    const [call] = t.backend.calls;
    expect(Object.fromEntries(blanks.map(([name]) => [name, valuesOf(call!, name)]))).toEqual({
      'x-lead': ['a'],
      'x-trail': ['a'],
      'x-inside': ['a  b'],
      'x-only': [''],
      'x-many': ['1', '2'],
    });
    expect(valuesOf(call!, 'grpc-timeout')[0]).toMatch(/^1\d{7}u$/);
  });

  it('what nobody knows goes on, and the order of values of one name stays', async () => {
    await using t = await throughProxy();
    await t.client.request(
      requestOf({}, [
        ['x-list', 'b'],
        ['x-other', '\xe4\xff'],
        ['x-list', 'a'],
        ['x-list', 'b'],
        ['x-bin', 'AAE=,AAI'],
        ['x-bin', 'AAM'],
        ['grpc-new', 'reserved'],
        ['authorization', 'Basic YTpi'],
        ['referer', 'http://echo/'],
        ['cookie', 'a=1'],
        ['cookie', 'b=2'],
      ]),
    );
    const [call] = t.backend.calls;
    expect(valuesOf(call!, 'x-list')).toEqual(['b', 'a', 'b']);
    expect(valuesOf(call!, 'x-bin')).toEqual(['AAE=,AAI', 'AAM']);
    expect(valuesOf(call!, 'x-other')).toEqual(['\xe4\xff']);
    expect(valuesOf(call!, 'grpc-new')).toEqual(['reserved']);
    expect(valuesOf(call!, 'authorization')).toEqual(['Basic YTpi']);
    expect(valuesOf(call!, 'referer')).toEqual(['http://echo/']);
    expect(valuesOf(call!, 'cookie')).toEqual(['a=1', 'b=2']);
    expect(valuesOf(call!, 'te')).toEqual(['trailers']);
  });

  it.each([
    ['upper case in a name', ['X-Upper', '1']],
    ['an empty name', ['', '1']],
    ['a colon in a name', ['x:y', '1']],
    ['CR in a value', ['x', 'a\rb']],
    ['LF in a value', ['x', 'a\nb']],
    ['NUL in a value', ['x', 'a\0b']],
    ['connection', ['connection', 'close']],
    ['proxy-connection', ['proxy-connection', 'close']],
    ['keep-alive', ['keep-alive', '1']],
    ['transfer-encoding', ['transfer-encoding', 'chunked']],
    ['upgrade', ['upgrade', 'h2c']],
    ['te with more than trailers', ['te', 'trailers, deflate;q=0.5']],
    ['a pseudo-header in the wrong place', [':path', '/']],
    ['the pseudo-header of an extended CONNECT', [':protocol', 'websocket']],
    ['content-length that is no number', ['content-length', '1, 1']],
    ['another host', ['host', 'other']],
  ] as const)('%s is malformed, and goes no further', async (_what, field) => {
    await using t = await throughProxy();
    const fields = getOf({}, field[0].startsWith(':') ? [] : [field]);
    // An undefined pseudo-header among the others, not behind them.
    if (field[0] === ':protocol') fields.unshift([...field]);
    else if (field[0].startsWith(':')) fields.push([...field]);
    const { reset } = await t.client.request(fields);
    expect(reset).toMatchObject({ cause: 'peer', code: ErrorCode.PROTOCOL_ERROR });
    expect(t.backend.calls).toHaveLength(0);
  });

  it('content that is longer or shorter than content-length is malformed', async () => {
    await using t = await throughProxy({});
    for (const length of ['3', '5']) {
      const { reset } = await t.client.request(requestOf({ 'content-length': length }), Buffer.from('four'));
      expect(reset?.code).toBe(ErrorCode.PROTOCOL_ERROR);
    }
    await expect.poll(() => t.proxy.status().services[0]!.underWay).toBe(0);
    await expect
      .poll(() => t.backend.calls.every(({ resetCode }) => resetCode === ErrorCode.CANCEL))
      .toBe(true);
    expect(t.backend.calls.some(({ ended }) => ended)).toBe(false);
  });
});

describe(':authority and host', () => {
  it('is made of host where there is none', async () => {
    await using t = await throughProxy();
    await t.client.request(requestOf({ ':authority': undefined }, [['host', 'echo:8080 ']]));
    const [call] = t.backend.calls;
    expect(valuesOf(call!, ':authority')).toEqual(['echo:8080']);
    expect(namesOf(call!)).not.toContain('host');
    expect(valuesOf(call!, 'x-forwarded-host')).toEqual(['echo:8080']);
    const names = namesOf(call!);
    expect(names.findLastIndex((name) => name.startsWith(':'))).toBe(3);
  });

  it('wins over a host that means the same, which is not passed on', async () => {
    await using t = await throughProxy();
    await t.client.request(requestOf({}, [['host', 'ECHO:80']]));
    expect(valuesOf(t.backend.calls[0]!, ':authority')).toEqual(['echo']);
    expect(namesOf(t.backend.calls[0]!)).not.toContain('host');
  });

  it('is not made up where there is neither, nor where it is empty', async () => {
    await using t = await throughProxy();
    for (const authority of [undefined, '']) {
      const answer = await t.client.request(requestOf({ ':authority': authority }));
      expect(answer.status).toBe(200);
      expect(namesOf(t.backend.calls.at(-1)!)).not.toContain(':authority');
    }
  });

  it.each(['user@echo', 'echo/x', 'a b', 'b\xfccher', 'a%zz', 'a:b'])(
    '%j is malformed',
    async (authority) => {
      await using t = await throughProxy();
      const { reset } = await t.client.request(requestOf({ ':authority': authority }));
      expect(reset?.code).toBe(ErrorCode.PROTOCOL_ERROR);
    },
  );
});

describe('what a client says for others', () => {
  const claims = [
    ['x-forwarded-client-cert', 'Subject="CN=admin"'],
    ['x-forwarded-port', '443'],
    ['x-forwarded-user', 'admin'],
    ['x-forwarded-anything', '1'],
    ['x-real-ip', '192.0.2.1'],
    ['true-client-ip', '192.0.2.1'],
    ['client-cert', ':AAAA:'],
    ['x-envoy-external-address', '192.0.2.1'],
    ['x-envoy-upstream-rq-timeout-ms', '1'],
    ['x-original-url', '/admin'],
  ] as const;

  it('goes no further, in trailers neither', async () => {
    await using t = await throughProxy();
    const trailers: RawFields = [['x-mine', ' last '], ['content-length', '9'], ['via', 'x'], ...claims];
    await t.client.request(getOf({ ':method': 'POST' }, claims), Buffer.from('a'), trailers);
    const [call] = t.backend.calls;
    for (const [name] of claims) expect(namesOf(call!)).not.toContain(name);
    expect(call!.trailersOfRequest).toEqual([['x-mine', 'last']]);
  });

  it('is kept from a client that is trusted', async () => {
    await using t = await throughProxy(undefined, ['--trust-forwarded']);
    await t.client.request(getOf({}, claims));
    for (const [name, value] of claims) expect(valuesOf(t.backend.calls[0]!, name)).toEqual([value]);
  });
});
