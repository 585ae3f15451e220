import { expect, it } from 'vitest';
import { oneService } from './testing/harness.ts';
import { startProxyProcess } from './testing/proxy-process.ts';

it(
  'a config that another thread has read knows its lines, in faults found there and later',
  { timeout: 60_000 },
  async () => {
    const good = oneService(['127.0.0.1:1']);
    await using proxy = await startProxyProcess(good);
    const refused = async () => (await proxy.status()).refusedConfig ?? '';

    await proxy.write(`${good}nonsense: 1\n`);
    await expect.poll(refused, { timeout: 20_000 }).toMatch(/mesh\.yaml:9: nonsense/);

    const applied = proxy.applied;
    await proxy.write(`${good}# changed\n`);
    await expect.poll(() => proxy.applied, { timeout: 20_000 }).toBe(applied + 1);
    // The config is at work a moment before its listeners are, and only then it counts as taken.
    await expect.poll(refused).toBe('');

    await proxy.write(good.replace('routes:', '    tls:\n      ca: missing.pem\nroutes:'));
    await expect.poll(refused, { timeout: 20_000 }).toMatch(/mesh\.yaml:\d+: services\.echo\.tls\.ca/);
  },
);
