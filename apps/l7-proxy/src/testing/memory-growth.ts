import { expect } from 'vitest';
import type { GrpcClient } from './grpc-client.ts';
import type { ProxyProcess } from './proxy-process.ts';

/** For `startProxyProcess`: a process whose `heldBytes` can be asked for, with a heap of this size. */
export const measuredHeap = (mebibytes: number) => [
  `--max-old-space-size=${mebibytes}`,
  '--expose-gc',
  '--import',
  new URL('held-bytes.mjs', import.meta.url).href,
];

/** How much more a process has had at most. */
export interface Growth {
  /** Objects and buffers that are in use. */
  heldBytes: number;
  /** The process as a whole, with garbage that V8 has yet to collect, and what it keeps in reserve; 0 where there is no /proc. */
  rssBytes: number;
}

export interface Stage {
  proxy: ProxyProcess;
  /** Not an attacker: its calls go on. */
  other: GrpcClient;
  /** What the process has had without any attack: V8 gives memory back when it is idle, and to take it again is no growth. */
  ordinaryRssBytes?: number;
}

/** Runs an attack, which looks from time to time: then others' calls go on, and the memory is measured. */
export async function growthDuring(
  { proxy, other, ordinaryRssBytes = 0 }: Stage,
  attack: (look: () => Promise<void>) => Promise<void>,
): Promise<Growth> {
  // The process first: to know what is held takes a collection of the garbage.
  const measure = async (): Promise<Growth> => {
    const rssBytes = (await proxy.rssBytes()) ?? 0;
    return { rssBytes, heldBytes: await proxy.heldBytes() };
  };
  const before = await measure();
  before.rssBytes = Math.max(before.rssBytes, ordinaryRssBytes);
  const most = { ...before };
  const look = async () => {
    expect(await other.unary()).toMatchObject({ code: 'OK' });
    const now = await measure();
    most.heldBytes = Math.max(most.heldBytes, now.heldBytes);
    most.rssBytes = Math.max(most.rssBytes, now.rssBytes);
  };
  await attack(look);
  await look();
  return { heldBytes: most.heldBytes - before.heldBytes, rssBytes: most.rssBytes - before.rssBytes };
}
