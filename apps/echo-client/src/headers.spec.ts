import { expect, it } from 'vitest';
import { headers } from './headers.ts';

it('takes several, one name several times, and values with an equals sign', () => {
  const metadata = headers().parse('a=1, b=x=y ,a=2,,empty=');
  expect(metadata.getMap()).toMatchObject({ b: 'x=y', empty: '' });
  expect(metadata.get('a')).toEqual(['1', '2']);
});

it.each([
  ['novalue', 'expected name=value'],
  ['=x', 'expected name=value'],
  ['trace-bin=x', 'binary'],
  ['grpc-timeout=1S', 'gRPC sets headers'],
  [':path=/', 'gRPC sets headers'],
  ['bad name=x', 'illegal characters'],
  ['a=line\nbreak', 'illegal characters'],
])('refuses %j', (text, reason) => {
  expect(headers().safeParse(text).error?.issues[0]?.message).toContain(reason);
});

it('names every fault', () => {
  expect(headers().safeParse('one,two').error?.issues).toHaveLength(2);
});
