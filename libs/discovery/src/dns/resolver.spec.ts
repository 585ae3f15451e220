import { afterEach, describe, expect, it } from 'vitest';
import { a, scriptedDns, type Script } from '../testing/scripted-dns.ts';
import { text } from '../testing/text.ts';
import { dnsResolver } from './resolver.ts';

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

async function server(script: Script) {
  const started = await scriptedDns(script);
  ends.push(started.stop);
  return started;
}

/** A server whose port nobody listens on. */
async function deadServer() {
  const { address, stop } = await scriptedDns(() => undefined);
  stop();
  return address;
}

const query = (servers: string[], timeoutMs = 10_000, signal = new AbortController().signal) =>
  dnsResolver({ servers, timeoutMs, attempts: 1 }).query('be1.test', 'A', signal);

const right = { answers: [a('be1.test', '10.0.0.1')] };

describe('dnsResolver', () => {
  it('asks by UDP, and reads records without regard to upper case', async () => {
    const { address, asked } = await server(() => ({ answers: [a('BE1.test', '10.0.0.1', 7)] }));
    const { answers } = await query([address]);
    expect(answers).toEqual([{ type: 'A', name: 'be1.test', ttlS: 7, data: '10.0.0.1' }]);
    expect(asked).toEqual(['udp be1.test A']);
  });

  it('asks again by TCP when the answer is truncated, even in the middle of a record', async () => {
    for (const cutTo of [undefined, 30]) {
      const { address, asked } = await server((_question, by) =>
        by === 'udp' ? { ...right, truncated: true, ...(cutTo && { cutTo }) } : right,
      );
      expect((await query([address])).answers).toHaveLength(1);
      expect(asked).toEqual(['udp be1.test A', 'tcp be1.test A']);
    }
  });

  it('takes no part for the whole: truncated by TCP too, or TCP ends early', async () => {
    const truncated = await server(() => ({ ...right, truncated: true }));
    await expect(query([truncated.address])).rejects.toMatchObject({
      code: 'INVALID',
      message: 'the DNS response for be1.test A is truncated, even by TCP',
    });
    const ended = await server((_question, by) =>
      by === 'udp' ? { truncated: true } : { ...right, cutTo: 20 },
    );
    await expect(query([ended.address])).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('ignores answers to other queries, and garbage', async () => {
    const { address } = await server(() => ({ ...right, forgedFirst: true }));
    expect((await query([address])).answers).toHaveLength(1);
  });

  it.each([1, 4])(
    'asks without EDNS where that is not known, and the answer is the code %i',
    async (rcode) => {
      const { address } = await server(({ edns }) => (edns ? { rcode } : right));
      expect((await query([address])).answers).toHaveLength(1);
    },
  );

  it('asks the next server when one is dead, silent or failing', async () => {
    const silent = await server(() => undefined);
    const failing = await server(() => ({ rcode: 2 }));
    const working = await server(() => right);
    const servers = [await deadServer(), silent.address, failing.address, working.address];
    expect((await query(servers, 500)).answers).toHaveLength(1);
    expect([silent.asked.length, failing.asked.length]).toEqual([1, 1]);
  });

  it('says why when no server answers', async () => {
    const silent = await server(() => undefined);
    await expect(query([silent.address], 100)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: text(/^DNS look-up of be1.test A failed: .* by UDP: no response within 100 ms$/),
    });
    await expect(query([await deadServer()])).rejects.toMatchObject({
      message: text(/ECONNREFUSED/),
    });
  });

  it('believes a NXDOMAIN, and asks nobody else', async () => {
    const first = await server(() => ({ rcode: 3 }));
    const second = await server(() => right);
    await expect(query([first.address, second.address])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(second.asked).toEqual([]);
  });

  it('stops at once when it is told to', async () => {
    const silent = await server(() => undefined);
    const controller = new AbortController();
    const asked = query([silent.address, silent.address], 60_000, controller.signal);
    await expect.poll(() => silent.asked.length).toBe(1);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ message: text(/stopped/) });
    expect(silent.asked).toHaveLength(1);
  });

  it.each(['localhost', '10.0.0.1:', '10.0.0.1:99999', '::1:53:x', ''])('refuses %o as a server', (text) => {
    expect(() => dnsResolver({ servers: [text] })).toThrow('is no DNS server');
  });

  it.each(['10.96.0.10', '10.96.0.10:53', '::1', '[::1]', '[::1]:53'])('takes %o as a server', (text) => {
    expect(() => dnsResolver({ servers: [text] })).not.toThrow();
  });

  it('refuses more servers than the limit', () => {
    expect(() => dnsResolver({ servers: Array<string>(9).fill('10.0.0.1') })).toThrow('at most 8 are used');
  });
});
