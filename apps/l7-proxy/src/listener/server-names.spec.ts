import { MeshCertificates } from '@evenly/live-mesh';
import { listenerDefaults } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { Mesh } from '../mesh.ts';
import { Proxy, type ProxyContext } from '../proxy.ts';

const log = { info: () => undefined, warn: () => undefined };

describe('a listener with certificates by server name', () => {
  it('is never served in plaintext', async () => {
    const opened: string[] = [];
    const proxy = new Proxy({
      mesh: new Mesh({} as never),
      certificates: new MeshCertificates(),
      listener: { ticketSecret: Buffer.alloc(32) },
      service: { log, listening: (name: string) => void opened.push(name) },
    } as unknown as ProxyContext);
    const certificates = [{ serverNames: ['*'], cert: 'no certificate', key: 'no key' }];
    const listener = { ...listenerDefaults, name: 'shop', address: '127.0.0.1', port: 0, certificates };
    const applied = proxy.apply({ services: new Map(), routes: [], listeners: [listener] });
    await expect(applied).rejects.toMatchObject({ code: 'CANNOT_LISTEN' });
    expect(opened).toEqual([]);
    await proxy.drain(0, {});
  });
});
