import fc from 'fast-check';
import type { Call, Header, Match, Routing, Text } from './routing.ts';

/** Few words, so that what routes ask for and what calls bring meet often. */
const services = ['be1', 'be2', 'can'];
const authorities = ['shop', 'shop:9000', 'shop:80', 'api', 'api:9000', 'be1', 'be1:9000'];
const paths = ['/shop.Cart/Add', '/shop.Cart/AddAll', '/shop.Till/Pay', '/api.V2/Get'];
const values = ['blue', 'green', 'bluebird', 'red'];
const headerNames = ['x-color', 'x-user'];

const oneOf = <T>(list: readonly T[]) => fc.constantFrom(...list);
const maybe = { requiredKeys: [] };

const path: fc.Arbitrary<Text> = fc.oneof(
  fc.record({ exact: oneOf(paths) }),
  fc.record({ prefix: oneOf(['', '/', '/shop.', '/shop.Cart/Add', '/api.V2/']) }),
  fc.record({
    regex: oneOf(['/shop\\.Cart/Add', '/shop\\.(Cart|Till)/.*', '/api.*|/shop\\.Till/P.y', '.*Add(All)?']),
  }),
);

const condition: fc.Arbitrary<Text | { present: true }> = fc.oneof(
  fc.record({ exact: oneOf([...values, 'blue,red']) }),
  fc.record({ prefix: oneOf(['b', 'blue', 'r']) }),
  fc.record({ regex: oneOf(['blue|green', 'b.*', '(red|blue)(bird)?', '[a-g]+']) }),
  fc.constant({ present: true as const }),
);

const header: fc.Arbitrary<Header> = fc
  .tuple(fc.record({ name: oneOf(headerNames) }), condition, fc.record({ invert: fc.boolean() }, maybe))
  .map(([name, what, invert]) => ({ ...name, ...what, ...invert }));

const match: fc.Arbitrary<Match> = fc.record(
  {
    authority: oneOf([...authorities, 'Shop', 'SHOP:9000']),
    path,
    method: oneOf(['POST', 'POST', 'GET']),
    headers: fc.array(header, { maxLength: 2 }),
  },
  maybe,
);

const routing: fc.Arbitrary<Routing> = fc
  .array(fc.record({ match, to: oneOf(services).map((service) => [{ service }] as [{ service: string }]) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((routes) => ({ services, routes }));

const what = {
  path: oneOf(paths),
  headers: fc.array(fc.tuple(oneOf(headerNames), oneOf(values)), { maxLength: 2 }),
};
const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      authority: oneOf([...authorities, 'Shop', 'SHOP:9000', 'be2', 'elsewhere']),
      ...what,
    }),
  },
  // In lower case: Node and Go compare what an application gives to its channel as it is written.
  {
    weight: 1,
    arbitrary: fc.record({
      authority: oneOf([...authorities, 'elsewhere']),
      target: oneOf(['shop', 'shop:9000']),
      ...what,
    }),
  },
);

/** Services and routes, and calls to them. */
export const arbitraryCase = fc.record({ routing, calls: fc.array(call, { minLength: 12, maxLength: 12 }) });
