import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { doctorTells } from '../../doctor/doctor-tells.ts';
import { runDoctor } from '../../doctor/doctor.ts';
import { expected, namespacesOf } from '../../doctor/expected.ts';
import { kustomize } from '../../helm/rendered.ts';
import { Kubectl } from '../kubectl.ts';
import { noCluster } from '../scenario.ts';

const kubectl = new Kubectl('default');
const timeoutMs = 240_000;
// Those with a mesh need one: istio.spec.ts has the doctor look at them, and Linkerd is not there.
const overlays = Object.keys(expected).filter((name) => !name.startsWith('istio/') && name !== 'linkerd');

/** Without the GatewayClass: a cluster need not know that kind, and the doctor does not look at it. */
const manifestsOf = async (overlay: string) =>
  (await kustomize(overlay))
    .split('\n---\n')
    .filter((text) => !/^kind: GatewayClass$/m.test(text))
    .join('\n---\n');

/** By none of a namespace, as `Kubectl` is: an overlay may have two. */
async function kubectlWith(manifests: string, ...args: string[]): Promise<void> {
  const running = promisify(execFile)('kubectl', [...args, '--filename', '-'], { timeout: timeoutMs });
  running.child.stdin!.end(manifests);
  await running;
}

// Alone: other specs have overlays in the same namespaces. Nothing here waits until pods are ready, which the doctor does
// not ask.
describe.skipIf(noCluster)('the doctor, of each overlay in the cluster', () => {
  let applied: string | undefined;
  afterEach(async () => {
    if (applied === undefined) return;
    const manifests = applied;
    applied = undefined;
    // A pod takes half a minute to end: those of all overlays do so together.
    await kubectlWith(manifests, 'delete', '--ignore-not-found', '--wait=false');
  });
  // The next spec may have them in the same namespaces.
  afterAll(async () => {
    const all = [...new Set(overlays.flatMap(namespacesOf))].map((namespace) => `namespace/${namespace}`);
    await kubectl.run('wait', '--for=delete', `--timeout=${timeoutMs / 1000}s`, ...all);
  }, timeoutMs);

  it.each(overlays)('%s', async (overlay) => {
    for (const namespace of namespacesOf(overlay)) {
      const { stdout } = await kubectl.run(
        'get',
        'namespace',
        namespace,
        '--ignore-not-found',
        '--output=name',
      );
      if (stdout !== '') throw new Error(`the cluster has a namespace ${namespace} already`);
    }
    applied = await manifestsOf(overlay);
    await kubectlWith(applied, 'apply');
    await doctorTells(overlay);
  });

  it('looks at the whole cluster where no namespace is named', async () => {
    const { code, stdout } = await runDoctor();
    expect([0, 1]).toContain(code);
    expect(stdout).toMatch(/gRPC Services? (was found )?in the cluster/);
  });
});
