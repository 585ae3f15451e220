import { fileURLToPath } from 'node:url';
import { packagesOf } from '@evenly/endpoints/testing';
import { expect, it } from 'vitest';

it('brings no Kubernetes client, no DNS packets and no gRPC client along', () => {
  const packages = packagesOf(fileURLToPath(new URL('../package.json', import.meta.url)));
  expect(packages).toContain('@evenly/endpoints');
  expect([...packages].filter((name) => /^@kubernetes\/|^@grpc\/|^dns-packet$/.test(name))).toEqual([]);
});
