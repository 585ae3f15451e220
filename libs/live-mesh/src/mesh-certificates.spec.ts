import { rootCertificates } from 'node:tls';
import type { MeshConfig } from '@evenly/mesh-config';
import { expect, it } from 'vitest';
import { MeshCertificates } from './mesh-certificates.ts';

it('authorities that the config has as a text need no file, and are the same object while they are the same', async () => {
  const tls = { caText: rootCertificates[0]!, serverName: 'shop.example.org' };
  const certificates = new MeshCertificates();
  const config = { services: new Map([['a', { tls }]]), routes: [], listeners: [] } as unknown as MeshConfig;
  await certificates.prepare(config);
  certificates.retain(config);
  expect(certificates.of(tls).ca!.toString()).toBe(tls.caText);
  expect(certificates.of({ ...tls, serverName: 'other' })).toBe(certificates.of(tls));
  expect(certificates.status(0)).toEqual([]);
  certificates.close();
});
