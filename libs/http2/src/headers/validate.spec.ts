import { describe, expect, test } from 'vitest';
import { HeaderBlock, headerList, type HeaderInput } from './block.ts';
import { joinCookies } from './cookies.ts';

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
    ['a value with blanks around', [...get, ['x', ' a']]],
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
    ['host that differs from :authority', [...get, ['host', 'b.example']]],
    ['user information in :authority', [...without(':authority'), [':authority', 'u@a.example']]],
    ['content-length twice', [...get, ['content-length', '1'], ['content-length', '2']]],
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
