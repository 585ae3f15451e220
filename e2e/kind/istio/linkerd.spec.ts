import { describe, expect, it } from 'vitest';
import { Kubectl } from '../kubectl.ts';
import { noCluster, overlayOf } from '../scenario.ts';

// Linkerd itself is not there: this holds the manifests against the schemas of a real API server and of the Gateway API.
describe.skipIf(noCluster)('linkerd, not run', () => {
  it('the API server finds nothing wrong with its manifests', async () => {
    const kubectl = new Kubectl('linkerd-mesh');
    await kubectl.run('create', 'namespace', 'linkerd-mesh');
    try {
      const check = ['--dry-run=server', '--validate=strict', '--kustomize', overlayOf('linkerd')];
      const { stdout, stderr } = await kubectl.run('apply', ...check);
      expect(stdout).toContain('grpcroute.gateway.networking.k8s.io/srv created (server dry run)');
      expect(stdout).toContain('deployment.apps/v1-srv created (server dry run)');
      expect(stderr).not.toContain('unknown field');
    } finally {
      await kubectl.run('delete', 'namespace', 'linkerd-mesh', '--wait=false');
    }
  });
});
