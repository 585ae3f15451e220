import type { Call, Header, Match, Routing, Route } from './routing.ts';

export interface Case extends Routing {
  name: string;
  calls: readonly Call[];
}

const sayHello = '/echo.EchoServer/SayHello';

const to = (service: string, match: Match = {}): Route => ({ match, to: [{ service }] });

const call = (authority: string, headers: Call['headers'] = [], path = sayHello): Call => ({
  authority,
  path,
  headers,
});

const canary: Header = { name: 'x-canary', exact: 'always' };
const asCanary = [['x-canary', 'always']] as const;

/** Where carriers are known to read the same thing otherwise: each row was wrong in one of them at least. */
export const table: readonly Case[] = [
  {
    name: 'the order of the list counts, with a port or without',
    services: ['be1', 'be2', 'can'],
    routes: [
      to('can', { authority: 'shop', headers: [canary] }),
      to('be2', { authority: 'shop:9000' }),
      to('be1', { authority: 'shop' }),
    ],
    calls: ['shop', 'shop:9000', 'shop:1'].flatMap((one) => [call(one), call(one, asCanary)]),
  },
  {
    name: 'a route for one path of a port leaves the other paths to the host',
    services: ['be1', 'be2'],
    routes: [
      to('be2', { authority: 'shop:9000', path: { exact: '/echo.EchoServer/Other' } }),
      to('be1', { authority: 'shop' }),
    ],
    calls: [call('shop:9000'), call('shop:9000', [], '/echo.EchoServer/Other'), call('shop')],
  },
  {
    name: 'the same, with the implicit route of a service',
    services: ['be1', 'be2'],
    routes: [to('be2', { authority: 'be1:9000', path: { prefix: '/other.' } })],
    calls: [call('be1:9000'), call('be1:9000', [], '/other.Service/Method'), call('be1:50051')],
  },
  {
    name: 'routes for any authority stand where they stand',
    services: ['be1', 'be2', 'can'],
    routes: [
      to('be2', { authority: 'shop', path: { prefix: '/first.' } }),
      to('can', { headers: [canary] }),
      to('be1', { authority: 'shop' }),
    ],
    calls: [
      call('shop', asCanary, '/first.Service/Method'),
      call('shop', asCanary),
      call('shop:80'),
      call('elsewhere', asCanary),
      call('elsewhere:80', asCanary),
      call('elsewhere'),
      call('be1', asCanary),
      call('be1'),
    ],
  },
  {
    name: 'case and a dot at the end make no other authority',
    services: ['be1', 'be2'],
    routes: [to('be2', { authority: 'Shop:9000' }), to('be1', { authority: 'SHOP' })],
    calls: ['shop', 'Shop', 'SHOP:9000', 'Shop.', 'shop.:9000', 'shop:80', 'BE1'].map((one) => call(one)),
  },
  {
    name: 'an authority of its own counts where it is of the host of the target, which counts else',
    services: ['be1', 'be2'],
    routes: [to('be2', { authority: 'shop:9000' }), to('be1', { authority: 'shop' })],
    calls: [
      { ...call('shop:9000'), target: 'shop' },
      { ...call('shop:1'), target: 'shop' },
      { ...call('certificate.example.org'), target: 'shop' },
      { ...call('certificate.example.org:9000'), target: 'shop' },
      { ...call('certificate.example.org'), target: 'shop:9000' },
      { ...call('be2'), target: 'shop' },
    ],
  },
  {
    name: 'the same where only a port of the host is named, and another route is for any authority',
    services: ['be1', 'be2'],
    routes: [to('be2', { authority: 'shop:9000' }), to('be1', { path: { prefix: '/first.' } })],
    calls: [
      { ...call('shop:9000'), target: 'shop' },
      { ...call('shop:1', [], '/first.Service/Method'), target: 'shop' },
      { ...call('shop:1'), target: 'shop' },
      { ...call('shop', [], '/first.Service/Method'), target: 'shop:9000' },
    ],
  },
  {
    name: 'POST is the method of every gRPC call',
    services: ['be1', 'be2', 'can'],
    routes: [
      to('can', { authority: 'shop', method: 'GET' }),
      to('be1', { authority: 'shop', method: 'POST' }),
      to('be2', { authority: 'shop' }),
    ],
    calls: [call('shop'), call('shop', asCanary)],
  },
  {
    name: 'headers that the transport adds',
    services: ['be1', 'be2', 'can'],
    routes: [
      to('can', { authority: 'te', headers: [{ name: 'te', exact: 'trailers' }] }),
      to('be1', { authority: 'te' }),
      to('can', { authority: 'no-te', headers: [{ name: 'te', present: true, invert: true }] }),
      to('be2', { authority: 'no-te', headers: [{ name: 'te', prefix: 'x', invert: true }] }),
      to('can', { authority: 'type', headers: [{ name: 'content-type', prefix: 'application/grpc' }] }),
      to('be1', { authority: 'type' }),
    ],
    calls: [call('te'), call('no-te'), call('type')],
  },
  {
    name: 'inverted conditions and headers that are not there',
    services: ['be1', 'be2', 'can'],
    routes: [
      to('can', { authority: 'value', headers: [{ ...canary, invert: true }] }),
      to('be1', { authority: 'value' }),
      to('can', { authority: 'prefix', headers: [{ name: 'x-canary', prefix: 'al', invert: true }] }),
      to('be1', { authority: 'prefix' }),
      to('can', { authority: 'regex', headers: [{ name: 'x-canary', regex: 'a.*', invert: true }] }),
      to('be1', { authority: 'regex' }),
      to('can', { authority: 'presence', headers: [{ name: 'x-canary', present: true, invert: true }] }),
      to('be2', { authority: 'presence', headers: [{ name: 'x-canary', present: true }] }),
    ],
    calls: ['value', 'prefix', 'regex', 'presence'].flatMap((one) => [
      call(one),
      call(one, asCanary),
      call(one, [['x-canary', 'never']]),
      call(one, [
        ['x-canary', 'always'],
        ['x-canary', 'never'],
      ]),
    ]),
  },
  {
    name: 'regular expressions of the whole text, with alternatives',
    services: ['be1', 'be2', 'can'],
    routes: [
      to('can', { authority: 'shop', headers: [{ name: 'x-color', regex: 'blue|green' }] }),
      to('be2', { authority: 'shop', path: { regex: '/a\\.B/C|/d\\.E/.*' } }),
      to('be1', { authority: 'shop' }),
    ],
    calls: [
      ...['blue', 'green', 'bluebird', 'evergreen', 'red'].map((color) => call('shop', [['x-color', color]])),
      ...['/a.B/C', '/a.B/CC', '/d.E/F', '/x/d.E/F'].map((path) => call('shop', [], path)),
    ],
  },
];
