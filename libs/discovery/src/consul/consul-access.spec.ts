import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { observe } from '@evenly/endpoints/testing';
import { dnsResolver } from '../dns/resolver.ts';
import { FakeConsulAgent } from '../testing/consul-agent.ts';
import { text } from '../testing/text.ts';
import { consulKind, consulSource, type ConsulSourceOptions } from './consul-source.ts';

let agent: FakeConsulAgent;
beforeEach(async () => (agent = await new FakeConsulAgent().start()));
afterEach(() => agent.stop());

const source = (options: Partial<ConsulSourceOptions> = {}) =>
  consulSource({
    ...{ service: 'web', server: agent.url, minIntervalMs: 1, backoff: { initialMs: 1, maxMs: 5 } },
    ...options,
  });
const one = { address: '10.0.0.1' };
const two = { id: 'web-2', address: '10.0.0.2' };

describe('credentials', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'consul-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('are read for each request, for tokens are renewed; one that is gone is said', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'first\n');
    agent.put([one]);
    const { failures, log, stop } = observe(source({ tokenFile, token: 'of the environment' }));
    await expect.poll(() => agent.waiting).toBe(1);
    await writeFile(tokenFile, 'second\n');
    agent.put([two]);
    await expect.poll(() => agent.requests.at(-1)!.token).toBe('second');
    expect(agent.requests[0]!.token).toBe('first');
    await rm(tokenFile);
    agent.put([one]);
    await expect.poll(() => failures[0]?.message).toEqual(text(/^cannot read credentials: ENOENT/));
    await writeFile(tokenFile, '\n'); // an anonymous question would get an empty list
    await expect.poll(() => failures.at(-1)?.message).toEqual(text(/token has no token$/));
    await writeFile(tokenFile, 'third');
    await expect.poll(() => log.at(-1)).toBe('recovered');
    stop();
  });
});

describe('what a config does not say', () => {
  const fields = { service: 'web' };
  const make = (env: Record<string, string>) =>
    consulKind.make(fields, {
      env,
      resolver: dnsResolver(),
      slices: () => Promise.reject(new Error('not asked for')),
    });

  it.each([
    ['with http', 'http://'],
    ['without a scheme', ''],
  ])('is found in the environment, %s', async (_, scheme) => {
    agent.put([one]);
    const env = { CONSUL_HTTP_ADDR: `${scheme}${new URL(agent.url).host}`, CONSUL_HTTP_TOKEN: 'ours' };
    const { sets, stop } = observe(make(env));
    await expect.poll(() => sets).toEqual([['10.0.0.1:50051']]);
    expect(agent.requests[0]!.token).toBe('ours');
    stop();
  });

  it('may be that the agent speaks TLS', async () => {
    const env = { CONSUL_HTTP_ADDR: new URL(agent.url).host, CONSUL_HTTP_SSL: 'true' };
    const { failures, stop } = observe(make(env));
    await expect.poll(() => failures[0]?.message).toEqual(text(/^Consul https:/));
    stop();
  });
});

describe('what cannot be asked', () => {
  it.each([
    [{ service: '' }, /^"" is no name of a service$/],
    [{ service: '..' }, /^".." is no name/],
    [
      { server: 'unix:///run/consul.sock' },
      /^the agent's address must be such as http:\/\/127.0.0.1:8500, got "unix:/,
    ],
    [{ server: 'http://a b' }, /must be such as/],
    [{ server: 'http:///x' }, /must be such as/],
  ])('is refused at once: %j', (options, reason) => {
    expect(() => source(options)).toThrow(reason);
  });
});
