import { expect, it } from 'vitest';
import { targetOf } from './target.ts';

const xds = 'xds:///{service}';

it.each(['be1-srv', 'be1-srv.shop', 'be1-srv.shop:8080', 'be1-srv.shop.svc.cluster.local:8080'])(
  'by xDS, %s is a target',
  (name) => expect(targetOf(name, xds, [])).toBe(`xds:///${name}`),
);

it.each([
  ['be1-srv:0', xds],
  ['be1-srv:80:80', xds],
  ['be1-srv:http', xds],
  [':80', xds],
  ['10.0.0.1:80', xds],
  ['be1-srv:8080', 'dns:///{service}'],
  ['be1-srv:8080', 'xds:///{service}:50051'],
])('%s is no service for %s', (name, template) => {
  expect(() => targetOf(name, template, [])).toThrow('unknown service');
});
