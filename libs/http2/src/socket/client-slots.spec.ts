import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, test } from 'vitest';
import { clientOf, ClientSlots } from './client-slots.ts';

/** A socket as far as slots know it: closed by the one who has it, or by them. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}
const connection = () => new FakeSocket() as FakeSocket & Socket;

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['2001:db8:1::3:4:5:6', '2001:db8:1:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
  ['', ''],
])('%j is the client %j', (address, client) => {
  expect(clientOf(address)).toBe(client);
});

describe('slots', () => {
  /** As a port does with a new connection. */
  const comesIn = (slots: ClientSlots, address: string) => {
    const socket = connection();
    return slots.take(socket) && slots.takeOf(address, socket) ? socket : undefined;
  };

  it('are as many as the port has, and come back when a connection closes', () => {
    const slots = new ClientSlots({ maxConnections: 2, maxPerAddress: 2 });
    const first = comesIn(slots, '192.0.2.1');
    expect(comesIn(slots, '192.0.2.2')).toBeDefined();
    const refused = connection();
    expect(slots.take(refused)).toBe(false);
    expect(refused.destroyed).toBe(true);
    first!.destroy();
    expect(comesIn(slots, '192.0.2.3')).toBeDefined();
    expect(slots.refused).toEqual({ full: 1, address: 0, files: 0 });
  });

  it('of one address are a share: others still come in', () => {
    const slots = new ClientSlots({ maxConnections: 10, maxPerAddress: 3 });
    const attacker = Array.from({ length: 20 }, (_, index) => comesIn(slots, `2001:db8::${index + 1}`));
    expect(attacker.filter((socket) => socket !== undefined)).toHaveLength(3);
    expect(comesIn(slots, '2001:db8:1::1')).toBeDefined();
    expect(comesIn(slots, '192.0.2.1')).toBeDefined();
    attacker[0]!.destroy();
    expect(comesIn(slots, '2001:db8::ffff')).toBeDefined();
    expect(slots.refused).toEqual({ full: 0, address: 17, files: 0 });
    expect(slots.refusedCount).toBe(17);
  });

  it('one that the address was refused gives its slot of the port back', () => {
    const slots = new ClientSlots({ maxConnections: 3, maxPerAddress: 1 });
    for (let count = 0; count < 10; count++) comesIn(slots, '192.0.2.1');
    expect(comesIn(slots, '192.0.2.2')).toBeDefined();
    expect(comesIn(slots, '192.0.2.3')).toBeDefined();
  });

  it.each([
    [1000, 500],
    [150, 100],
    [10, 10],
  ])('of %d an address has %d where nobody says', (maxConnections, expected) => {
    const slots = new ClientSlots({ maxConnections });
    const taken = Array.from({ length: maxConnections }, () => comesIn(slots, '192.0.2.1'));
    expect(taken.filter((socket) => socket !== undefined)).toHaveLength(expected);
  });

  it('who has no address (a load balancer itself) has no share', () => {
    const slots = new ClientSlots({ maxConnections: 10, maxPerAddress: 1 });
    expect(comesIn(slots, '')).toBeDefined();
    expect(comesIn(slots, '')).toBeDefined();
  });

  it('of all ports together are as many as the open files allow', () => {
    const files = { maxConnections: 3, used: 0 };
    const [one, other] = [1, 2].map(() => new ClientSlots({ maxConnections: 10, files }));
    const taken = [comesIn(one!, '192.0.2.1'), comesIn(one!, '192.0.2.1'), comesIn(other!, '192.0.2.1')];
    expect(comesIn(other!, '192.0.2.2')).toBeUndefined();
    expect(other!.refused).toEqual({ full: 0, address: 0, files: 1 });
    taken[0]!.destroy();
    expect(comesIn(other!, '192.0.2.2')).toBeDefined();
    expect(files.used).toBe(3);
  });
});
