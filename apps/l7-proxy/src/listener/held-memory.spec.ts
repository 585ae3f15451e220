import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { startProxyProcess, type ProxyProcess } from '../testing/proxy-process.ts';
import {
  field,
  flood,
  frame,
  headers,
  ids,
  longHeaders,
  newest,
  rawClient,
  rawEndpoint,
  request,
  settingsAck,
  update,
  type RawEndpoint,
} from '../testing/raw-frames.ts';
import { scriptedBackend, type ScriptedBackend } from '../testing/scripted-backend.ts';

/*
 * What clients and endpoints can make the proxy hold, on a process with a heap of 192 MB: its memory stays, it lives, and
 * others' calls go on. The attackers' calls go to a service of their own by their authority, others' to the usual one.
 */

const mebibyte = 1024 * 1024;
/**
 * What is held is 10 MiB at most by the budget. The rest is garbage that V8 has yet to collect, strings of blocks that were
 * refused above all: in about a quarter of the runs the process grew by 37 to 60 MB before it did, in the others by less
 * than 32.
 */
const mostGrowthBytes = 80 * mebibyte;
/**
 * Before it is measured: ordinary calls with so much metadata that V8 has touched all of its young generation (32 MiB, which
 * it has reserved in any case), and is no growth.
 */
const warmUpCalls = 3000;
const warmUpMetadata = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => [`x-warm-${index}`, 'w'.repeat(4000)]),
);
const nodeFlags = ['--max-old-space-size=192'];
const flags = ['--buffer-total-bytes', String(8 * mebibyte), '--stalled-client-timeout', '2s'];

/** The header block of a request to a service. */
const to = (authority: string, ...more: Buffer[]) =>
  Buffer.concat([request.subarray(0, 3), field(':authority', authority), ...more]);
/** 3900 bytes, which the table can hold. */
const large = 'v'.repeat(3900);
/** 56 KB of fields that differ, and so cannot be compressed. */
const incompressible = Buffer.concat(
  Array.from({ length: 14 }, (_, index) => field(`x-${index}`, `${index}`.padEnd(4000, 'v'))),
);

function config(services: Record<string, string>): string {
  const described = Object.entries(services).map(
    ([name, address]) => `  ${name}:\n    source: { static: { endpoints: ['${address}'] } }\n`,
  );
  const routes = Object.keys(services).map(
    (name) =>
      `  - name: ${name}\n    match: ${name === 'echo' ? '{}' : `{ authority: ${name} }`}\n    to: [{ service: ${name} }]\n`,
  );
  // The one that takes all comes last.
  return `services:\n${described.join('')}routes:\n${routes.reverse().join('')}`;
}

interface Stage extends AsyncDisposable {
  proxy: ProxyProcess;
  other: GrpcClient;
  /** Runs an attack. @returns by how much the process grew at most */
  growthDuring(attack: (look: () => Promise<void>) => Promise<void>): Promise<number>;
  held(): Promise<number>;
}

async function stage(backend: ScriptedBackend, attacked: Record<string, string>): Promise<Stage> {
  const proxy = await startProxyProcess(config({ echo: backend.address, ...attacked }), flags, nodeFlags);
  const other = new GrpcClient(proxy.address);
  for (let count = 0; count < warmUpCalls; count += 50)
    await Promise.all(Array.from({ length: 50 }, () => other.unary('ping', { metadata: warmUpMetadata })));
  // V8 gives its young generation back when it is idle, and takes it again: that is no growth either.
  const ordinary = (await proxy.rssBytes()) ?? 0;
  const goesOn = async () => expect(await other.unary()).toMatchObject({ code: 'OK' });
  return {
    proxy,
    other,
    growthDuring: async (attack) => {
      const before = Math.max(ordinary, (await proxy.rssBytes()) ?? 0);
      let most = before;
      const look = async () => {
        await goesOn();
        most = Math.max(most, (await proxy.rssBytes()) ?? 0);
      };
      await attack(look);
      await look();
      return most - before;
    },
    held: async () => Number(/buffered_bytes (\d+)/.exec(await proxy.metrics())![1]),
    [Symbol.asyncDispose]: async () => {
      other.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

describe('clients that make the proxy hold much', () => {
  let backend: ScriptedBackend;
  let silent: RawEndpoint;
  let deaf: RawEndpoint;
  let on: Stage;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    silent = await rawEndpoint(() => {});
    deaf = await rawEndpoint((socket) => socket.pause());
    on = await stage(backend, { silent: silent.address, deaf: deaf.address });
  });
  afterAll(async () => {
    await on[Symbol.asyncDispose]();
    await silent[Symbol.asyncDispose]();
    await deaf[Symbol.asyncDispose]();
    await backend.close();
  });
  const attackers = async (count: number) => {
    const opened = await Promise.all(Array.from({ length: count }, () => rawClient(on.proxy.port)));
    sockets.push(...opened);
    return opened;
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    // What waits for the endpoint that does not read stays for a while.
    await expect.poll(() => on.held(), { timeout: 10_000 }).toBeLessThan(2 * mebibyte);
  });

  it('header blocks of calls that are not answered', async () => {
    const growth = await on.growthDuring(async (look) => {
      for (const socket of await attackers(4)) {
        await flood(
          socket,
          (round) => longHeaders(round * 2 + 1, to('silent', incompressible), true),
          600,
          look,
        );
      }
    });
    expect(growth).toBeLessThan(mostGrowthBytes);
  });

  it('the same from many connections that are small each', async () => {
    const growth = await on.growthDuring(async (look) => {
      const block = to('silent', incompressible);
      for (const socket of await attackers(300)) {
        socket.write(Buffer.concat([longHeaders(1, block, true), longHeaders(3, block, true)]));
      }
      await look();
    });
    expect(growth).toBeLessThan(mostGrowthBytes);
  });

  it('header blocks that expand, towards an endpoint that does not read', async () => {
    const first = to('deaf', field('x-large', large, true));
    const again = to('deaf', ...Array<Buffer>(14).fill(newest));
    const growth = await on.growthDuring(async (look) => {
      for (const socket of await attackers(4)) {
        await flood(
          socket,
          (round) => {
            const blocks = ids(50, round).map((id) => headers(id, true, again));
            return Buffer.concat(round === 0 ? [headers(1, true, first), ...blocks.slice(1)] : blocks);
          },
          200,
          look,
        );
      }
    });
    expect(growth).toBeLessThan(mostGrowthBytes);
  });

  it('content for an endpoint that gives it no window', async () => {
    const growth = await on.growthDuring(async (look) => {
      const content = Buffer.alloc(16_000);
      for (const socket of await attackers(40)) {
        socket.write(Buffer.concat(ids(20).map((id) => headers(id, false, to('silent')))));
        for (let round = 0; round < 16; round++)
          socket.write(Buffer.concat(ids(4).map((id) => frame(0, 0, id, content))));
        await look();
      }
    });
    expect(growth).toBeLessThan(mostGrowthBytes);
  });

  it('header blocks that never end', async () => {
    const begun = Buffer.concat([
      frame(1, 1, 1, to('silent')),
      frame(9, 0, 1, incompressible.subarray(0, 16_000)),
    ]);
    const growth = await on.growthDuring(async (look) => {
      for (const socket of await attackers(400)) socket.write(begun);
      await look();
    });
    expect(growth).toBeLessThan(mostGrowthBytes);
  });
});

describe('endpoints that send much', () => {
  /** An answer whose first block inserts a large field, and what follows it. */
  const ok = Buffer.from([0x88]);
  const early = field(':status', '103');
  type Flood = { first?: (id: number) => Buffer; next: (id: number) => Buffer; ends: 'call' | 'connection' };
  const floods: Record<string, Flood> = {
    'informational responses that expand': {
      first: (id) => frame(1, 4, id, Buffer.concat([early, field('x-large', large, true)])),
      next: (id) => frame(1, 4, id, Buffer.concat([early, ...Array<Buffer>(14).fill(newest)])),
      ends: 'call',
    },
    'resets of a stream that is gone': { next: (id) => frame(3, 0, id, Buffer.alloc(4)), ends: 'connection' },
    'empty DATA': {
      first: (id) => frame(1, 4, id, ok),
      next: (id) => frame(0, 0, id),
      ends: 'connection',
    },
    'DATA that is all padding': {
      first: (id) => frame(1, 4, id, ok),
      next: (id) => frame(0, 8, id, Buffer.concat([Buffer.from([9]), Buffer.alloc(9)])),
      ends: 'connection',
    },
    'window updates of the connection': { next: () => update(0, 1), ends: 'connection' },
    pings: { next: () => frame(6, 0, 0, Buffer.alloc(8)), ends: 'connection' },
  };

  it.each(Object.keys(floods))('%s', async (name) => {
    const { first, next, ends } = floods[name]!;
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    let flooding = 0;
    let closed = 0;
    await using endpoint = await rawEndpoint((socket, id) => {
      flooding++;
      const most = ends === 'call' ? 1000 : 20_000;
      const bytes = [...(first === undefined ? [] : [first(id)]), ...Array<Buffer>(most).fill(next(id))];
      socket.once('close', () => closed++);
      void flood(socket, () => Buffer.concat(bytes), ends === 'call' ? 1 : 20);
    });
    const rates = 'resets=10,empty-frames=10,window-updates=10,pings=10';
    await using proxy = await startProxyProcess(
      config({ echo: backend.address, x: endpoint.address }),
      [...flags, '--endpoint-rates', rates],
      nodeFlags,
    );
    const other = new GrpcClient(proxy.address);
    for (let count = 0; count < warmUpCalls; count += 50)
      await Promise.all(Array.from({ length: 50 }, () => other.unary()));
    const before = (await proxy.rssBytes()) ?? 0;
    let most = before;
    const attacker = await rawClient(proxy.port);
    attacker.write(headers(1, true, to('x')));
    await expect.poll(() => flooding).toBeGreaterThan(0);
    const underWay = async () =>
      (await proxy.status()).services.find(({ name: service }) => service === 'x')!.underWay;
    await expect
      .poll(
        async () => {
          expect(await other.unary()).toMatchObject({ code: 'OK' });
          most = Math.max(most, (await proxy.rssBytes()) ?? 0);
          return ends === 'call' ? underWay() : closed;
        },
        { timeout: 10_000 },
      )
      .toBe(ends === 'call' ? 0 : 1);
    expect(most - before).toBeLessThan(mostGrowthBytes);
    attacker.destroy();
    other.close();
  });
});

describe('limits that cost one call, and no other', () => {
  it('trailers of 90 KB: RESOURCE_EXHAUSTED for that call, while others go on upon the same connection', async () => {
    const trailers = Buffer.concat(
      Array.from({ length: 22 }, (_, index) => field(`x-${index}`, 'v'.repeat(4090))),
    );
    const ok = Buffer.concat([Buffer.from([0x88]), field('content-type', 'application/grpc')]);
    let count = 0;
    await using endpoint = await rawEndpoint((socket, id) => {
      const isLarge = ++count === 1;
      const last = isLarge ? longHeaders(id, trailers, true) : frame(1, 5, id, field('grpc-status', '0'));
      const message = frame(0, 0, id, Buffer.from([0, 0, 0, 0, 1, 0x78]));
      socket.write(Buffer.concat([frame(1, 4, id, ok), message, last]));
    });
    await using proxy = await startProxyProcess(config({ echo: endpoint.address }));
    const client = new GrpcClient(proxy.address);
    expect(await client.unary()).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    for (let calls = 0; calls < 5; calls++) expect(await client.unary()).toMatchObject({ code: 'OK' });
    expect(endpoint.sockets).toHaveLength(1);
    client.close();
  });

  it('metadata of 70 KB: RESOURCE_EXHAUSTED for that call, while others go on upon the same connection', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxyProcess(config({ echo: backend.address }));
    const client = new GrpcClient(proxy.address);
    const others = Array.from({ length: 20 }, () => client.unary());
    const metadata = Object.fromEntries(ids(18).map((id) => [`x-${id}`, 'v~'.repeat(2000)]));
    expect(await client.unary('ping', { metadata })).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    for (const outcome of await Promise.all(others)) expect(outcome).toMatchObject({ code: 'OK' });
    expect(await client.unary()).toMatchObject({ code: 'OK' });
    expect(await proxy.metrics()).toContain('how="accepted"} 1\n');
    client.close();
  });

  it('a client may cancel hundreds of calls a second; the rate is an option', async () => {
    await using backend = await scriptedBackend({});
    const cancelled = (id: number) =>
      Buffer.concat([headers(id, false), frame(3, 0, id, Buffer.from([0, 0, 0, 8]))]);
    for (const [rates, isCut] of [
      ['', false],
      ['resets=100', true],
    ] as const) {
      const own = ['--client-rates', rates, '--cancel-hold', '0s'];
      await using proxy = await startProxyProcess(config({ echo: backend.address }), own);
      const socket = await rawClient(proxy.port);
      let isHeard = false;
      socket.on('data', (bytes: Buffer) => (isHeard ||= bytes.includes('all done')));
      socket.write(settingsAck);
      // As many as 200 a second are in half a minute.
      await flood(socket, (round) => Buffer.concat(ids(20, round).map(cancelled)), 300);
      socket.write(frame(6, 0, 0, Buffer.from('all done')));
      await expect.poll(() => isHeard || socket.destroyed).toBe(true);
      expect(socket.destroyed).toBe(isCut);
      socket.destroy();
    }
  });
});
