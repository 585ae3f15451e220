import { expect, it } from 'vitest';
import { normalAuthority } from './normal-authority.ts';

it.each([
  ['Shop', 'shop', 'shop'],
  ['shop.', 'shop', 'shop'],
  ['shop:8080', 'shop', 'shop:8080'],
  ['shop.:08080', 'shop', 'shop:8080'],
  ['shop:', 'shop', 'shop'],
  ['%73%48op%2E', 'shop', 'shop'],
  ['%2Ftmp%2Fsocket', '%2ftmp%2fsocket', '%2ftmp%2fsocket'],
  ['[::1]:80', '[::1]', '[::1]:80'],
  ['[2001:DB8::1]', '[2001:db8::1]', '[2001:db8::1]'],
  ['.', '.', '.'],
  ['', '', ''],
])('%s', (given, host, authority) => {
  expect(normalAuthority(given)).toEqual({ host, authority });
});
