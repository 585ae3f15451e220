import { headerList } from '@evenly/http2';
import type { SessionPersistence } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { sessionValues, withSession } from './session-fields.ts';

const cookie = { kind: 'cookie', name: 'session', permanent: false } as const;
const header = { kind: 'header', name: 'x-session' } as const;

describe('what a request says of its session', () => {
  it.each<[string, [string, string][], string[]]>([
    ['nothing', [], []],
    ['one cookie', [['cookie', 'session=a']], ['a']],
    ['among others', [['cookie', 'other=b; session=a; xsession=c; Session=d']], ['a']],
    [
      'in several fields (RFC 9113 §8.2.3)',
      [
        ['cookie', 'other=b'],
        ['cookie', 'session=a'],
      ],
      ['a'],
    ],
    ['of several paths', [['cookie', 'session=a; session=b']], ['a', 'b']],
    ['with blanks and quotes', [['cookie', ' session = "a" ;']], ['a']],
    ['with "=" inside', [['cookie', 'session=a==']], ['a==']],
    ['without a value', [['cookie', 'session; session=']], ['', '']],
    ['in a header that is none', [['x-session', 'a']], []],
    ['far too often', [['cookie', Array(100).fill('session=a').join(';')]], Array(8).fill('a')],
  ])('%s', (_, fields, values) => {
    expect(sessionValues(headerList(fields), cookie)).toEqual(values);
  });

  it('in a header, whatever the cookies are', () => {
    const fields = headerList([
      ['cookie', 'x-session=b'],
      ['x-session', 'a'],
    ]);
    expect(sessionValues(fields, header)).toEqual(['a']);
  });
});

describe('what a response says of its session', () => {
  const response = headerList([
    [':status', '200'],
    ['set-cookie', 'session=of-the-application'],
    ['x-session', 'old'],
  ]);
  const said = (persistence: SessionPersistence, secure = false) =>
    withSession(response, persistence, { kind: 'segments', value: '/shop' }, 'a', secure).fields.map(
      ({ name, value }) => `${name}: ${value}`,
    );

  it.each<[SessionPersistence, boolean, string]>([
    [cookie, false, 'session=a; Path=/shop; HttpOnly; SameSite=Strict'],
    [cookie, true, 'session=a; Path=/shop; Secure; HttpOnly; SameSite=Strict'],
    [{ ...cookie, path: '/' }, false, 'session=a; Path=/; HttpOnly; SameSite=Strict'],
    // The proxy itself looks at the time of a cookie that is not permanent.
    [{ ...cookie, absoluteTimeoutMs: 1500 }, false, 'session=a; Path=/shop; HttpOnly; SameSite=Strict'],
    [
      { ...cookie, permanent: true, absoluteTimeoutMs: 1500 },
      false,
      'session=a; Path=/shop; Max-Age=2; HttpOnly; SameSite=Strict',
    ],
  ])('a cookie beside the others: %j', (persistence, secure, value) => {
    expect(said(persistence, secure)).toEqual([
      ':status: 200',
      'set-cookie: session=of-the-application',
      'x-session: old',
      `set-cookie: ${value}`,
    ]);
  });

  it('a header instead of another of its name', () => {
    expect(said(header)).toEqual([':status: 200', 'set-cookie: session=of-the-application', 'x-session: a']);
  });
});
