import { describe, expect, test } from 'vitest';
import { HeaderBlock, headerList, type HeaderInput } from './block.ts';
import { joinCookies } from './cookies.ts';
import { withoutBlanks } from './validate.ts';

const block = (inputs: HeaderInput[]): HeaderBlock =>
  new HeaderBlock(
    inputs.map(([name, value]) => ({ name, value, sensitive: false })),
    0,
    false,
  );
const get: HeaderInput[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a.example'],
];
const without = (name: string): HeaderInput[] => get.filter((input) => input[0] !== name);

describe('requests', () => {
  test.each<[string, HeaderInput[]]>([
    ['upper case in a name', [...get, ['X-Upper', '1']]],
    ['an empty name', [...get, ['', '1']]],
    ['a blank in a name', [...get, ['x y', '1']]],
    ['CR in a value', [...get, ['x', 'a\rb']]],
    ['LF in a value', [...get, ['x', 'a\nb']]],
    ['NUL in a value', [...get, ['x', 'a\0b']]],
    ['connection', [...get, ['connection', 'close']]],
    ['transfer-encoding', [...get, ['transfer-encoding', 'chunked']]],
    ['upgrade', [...get, ['upgrade', 'h2c']]],
    ['te other than trailers', [...get, ['te', 'gzip']]],
    ['a pseudo-header after a field', [['x', '1'], ...get]],
    ['an unknown pseudo-header', [...get, [':other', '1']]],
    ['a response pseudo-header', [...get, [':status', '200']]],
    ['a pseudo-header twice', [...get, [':path', '/']]],
    ['no :method', without(':method')],
    ['no :scheme', without(':scheme')],
    ['no :path', without(':path')],
    ['an empty :path', [...without(':path'), [':path', '']]],
    ['a relative :path', [...without(':path'), [':path', 'a']]],
    ['a :path with a blank', [...without(':path'), [':path', '/a b']]],
    ['a :path with a blank before it', [...without(':path'), [':path', ' /a']]],
    ['a :path with a control character', [...without(':path'), [':path', '/a\x01']]],
    ['a :path with a fragment', [...without(':path'), [':path', '/a#b']]],
    ['an absolute :path', [...without(':path'), [':path', 'http://a.example/']]],
    ['a :path of * for GET', [...without(':path'), [':path', '*']]],
    ['an empty :scheme', [...without(':scheme'), [':scheme', '']]],
    ['a :scheme that is none', [...without(':scheme'), [':scheme', 'ht tp']]],
    ['a :method that is no token', [...without(':method'), [':method', 'GE T']]],
    ['te with parameters', [...get, ['te', 'trailers;q=0.5']]],
    ['te with more', [...get, ['te', 'trailers, gzip']]],
    ['host twice', [...get, ['host', 'a.example'], ['host', 'a.example']]],
    ['host with another port', [...get, ['host', 'a.example:8080']]],
    [
      'host beside an empty :authority',
      [...without(':authority'), [':authority', ''], ['host', 'a.example']],
    ],
    ['an :authority with a path', [...without(':authority'), [':authority', 'a.example/x']]],
    ['an :authority with a blank', [...without(':authority'), [':authority', 'a.example ']]],
    ['an :authority with a backslash', [...without(':authority'), [':authority', 'a\\b']]],
    ['an :authority that is not ASCII', [...without(':authority'), [':authority', 'b\xfccher.example']]],
    ['an :authority with a bad percent', [...without(':authority'), [':authority', 'a%zz']]],
    ['an :authority with a port that is none', [...without(':authority'), [':authority', 'a:b']]],
    ['an :authority with two ports', [...without(':authority'), [':authority', 'a:1:2']]],
    ['host that differs from :authority', [...get, ['host', 'b.example']]],
    ['user information in :authority', [...without(':authority'), [':authority', 'u@a.example']]],
    ['content-length twice', [...get, ['content-length', '1'], ['content-length', '2']]],
    ['content-length of 16 digits', [...get, ['content-length', '1000000000000000']]],
    ['content-length not a number', [...get, ['content-length', '+1']]],
    [
      'CONNECT with :path',
      [
        [':method', 'CONNECT'],
        [':path', '/'],
        [':authority', 'a:1'],
      ],
    ],
    ['CONNECT without :authority', [[':method', 'CONNECT']]],
  ])('with %s are malformed', (_name, inputs) => {
    expect(block(inputs).asRequest().problem).toBeTypeOf('string');
  });

  test.each<[string, HeaderInput[]]>([
    ['blanks around a value', [...get, ['x', ' a\t']]],
    ['a value of blanks', [...get, ['x', '  ']]],
    ['blanks around host', [...get, ['host', ' a.example ']]],
    ['blanks around te', [...get, ['te', 'trailers ']]],
    ['host in another case', [...get, ['host', 'A.EXAMPLE']]],
    ['the default port in host', [...get, ['host', 'a.example:80']]],
    ['an octet above ASCII in :path', [...without(':path'), [':path', '/\xc3\xa0']]],
    ['an IPv6 :authority', [...without(':authority'), [':authority', '[::1]:50051']]],
    ['an :authority of a Unix socket', [...without(':authority'), [':authority', '%2Ftmp%2Fsocket']]],
    ['an :authority with a port', [...without(':authority'), [':authority', 'be1-srv_x.default:8080']]],
  ])('with %s are taken', (_name, inputs) => {
    expect(block(inputs).asRequest().problem).toBeUndefined();
  });

  test('blanks are no part of content-length', () => {
    expect(block([...get, ['content-length', ' 12 ']]).asRequest()).toMatchObject({
      problem: undefined,
      contentLength: 12,
    });
    const long = withoutBlanks(`a${' '.repeat(60_000)}b `);
    expect(long).toHaveLength(60_002);
    expect(withoutBlanks(' \t ')).toBe('');
  });

  test('that are right give their facts', () => {
    const facts = block([
      ...get,
      ['te', 'trailers'],
      ['host', 'A.example'],
      ['content-length', '12'],
    ]).asRequest();
    expect(facts).toMatchObject({ problem: undefined, method: 'GET', path: '/', authority: 'a.example' });
    expect(facts.contentLength).toBe(12);
    expect(
      block([
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
      ]).asRequest().problem,
    ).toBeUndefined();
    expect(block([...without(':authority'), ['host', 'h']]).asRequest().authority).toBe('h');
    const options: HeaderInput[] = [
      [':method', 'OPTIONS'],
      [':scheme', 'http'],
      [':path', '*'],
    ];
    expect(block(options).asRequest().problem).toBeUndefined();
  });
});

test.each(['', '20', '2000', 'abc', '099', '101'])('status %j is malformed', (status) => {
  expect(block([[':status', status]]).asResponse().problem).toBeTypeOf('string');
});

test('responses and trailers may carry blanks at the end: grpc-message does', () => {
  expect(
    block([
      [':status', '200'],
      ['x', 'a '],
    ]).asResponse().problem,
  ).toBeUndefined();
  expect(block([['grpc-message', 'failed: ']]).asTrailers().problem).toBeUndefined();
});

test('trailers have no pseudo-headers', () => {
  expect(block([[':status', '200']]).asTrailers().problem).toBeTypeOf('string');
});

test('an application cannot send what HTTP/2 cannot carry', () => {
  expect(() => headerList([['x', 'a\r\nb']])).toThrow(expect.objectContaining({ code: 'H2_USAGE' }));
  expect(() => headerList([['connection', 'close']])).toThrow(/connection/);
  expect(() => headerList([['x', '\u20ac']])).toThrow(/control character|octet/);
});

test('cookie crumbs are joined for a hop that is not HTTP/2', () => {
  const { fields } = block([
    ['cookie', 'a=1'],
    ['x', 'y'],
    ['cookie', 'b=2'],
  ]);
  expect(joinCookies(fields).map(({ name, value }) => `${name}: ${value}`)).toEqual([
    'x: y',
    'cookie: a=1; b=2',
  ]);
});
