import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { chart, objectsIn, render, type KubernetesObject } from '../helm/rendered.ts';
import { keepForLater } from './failures.ts';
import { Kubectl } from './kubectl.ts';
import { noCluster } from './scenario.ts';

const run = promisify(execFile);
const namespace = 'selector-upgrade';
const why = noCluster ?? (process.env['HELM'] === undefined ? 'HELM is not set' : undefined);
const instance = 'app.kubernetes.io/instance';

/** As charts before 0.2.0 had it: no instance where the name is that of the kind. */
function withoutInstances<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) => {
      const labels = inner as Record<string, string> | null;
      const name = labels?.['app.kubernetes.io/name'];
      if (name === undefined || labels?.[instance] !== name) return inner;
      return Object.fromEntries(Object.entries(labels).filter(([key]) => key !== instance));
    }),
  ) as T;
}

const yamlOf = (objects: readonly KubernetesObject[]) =>
  objects.map((object) => stringify(object)).join('---\n');

// What README.md of the chart tells people to do.
describe.skipIf(why)(`from 0.1.0 of the chart${why ? ` (skipped: ${why})` : ''}`, () => {
  const kubectl = new Kubectl(namespace);
  let objects: KubernetesObject[];
  beforeAll(async () => {
    const patient = '--mode=rate,--rate=10,--deadline=1m,--admin-host=0.0.0.0,--admin-port=8081';
    objects = objectsIn(
      await render(
        `--namespace=${namespace}`,
        `--values=${chart}/scenarios/proxy.yaml`,
        `--set=apps.echo-client.args={${patient}}`,
      ),
    );
    await kubectl.run('create', 'namespace', namespace);
    await kubectl.apply(yamlOf(withoutInstances(objects)));
    for (const deployment of await kubectl.names('deployments')) await kubectl.rolledOut(deployment);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await keepForLater(kubectl);
  });
  afterAll(() => kubectl.run('delete', 'namespace', namespace, '--ignore-not-found'));

  /** Lines of a client that say how its calls of a second went. */
  const secondsOf = async (pod: string) =>
    (await kubectl.run('logs', pod)).stdout.split('\n').filter((line) => /^\d+ calls, /.test(line));
  const clients = async () =>
    (await kubectl.pods('app.kubernetes.io/name=echo-client')).filter(({ terminating }) => !terminating);

  it('the commands of README.md bring it to the selectors of now, and no call fails', async () => {
    const readme = readFileSync(`${chart}/README.md`, 'utf8');
    const block = /```sh cluster\n(for app in .*?)```/s.exec(readme)![1]!;
    const [before, after] = block.split(/^# .*\n/m) as [string, string];
    const commands = (text: string) =>
      run('bash', ['-ec', `kubectl() { command kubectl --namespace ${namespace} "$@"; }\n${text}`]);

    const [old] = await clients();
    await expect
      .poll(async () => (await secondsOf(old!.name)).length, { timeout: 60_000 })
      .toBeGreaterThan(3);
    await expect(kubectl.apply(yamlOf(objects))).rejects.toThrow('field is immutable');
    const steady = (await secondsOf(old!.name)).length;
    await commands(before);
    await kubectl.apply(yamlOf(objects));
    for (const deployment of await kubectl.names('deployments')) await kubectl.rolledOut(deployment);
    const seconds = (await secondsOf(old!.name)).slice(steady - 1);
    expect(seconds.length).toBeGreaterThan(3);
    expect(seconds.filter((line) => !line.includes(', none failed, '))).toEqual([]);

    await commands(after);
    await expect
      .poll(async () => (await clients()).map(({ name }) => name), { timeout: 120_000 })
      .toHaveLength(1);
    const [current] = await clients();
    expect(current!.name).not.toBe(old!.name);
    await expect
      .poll(async () => (await secondsOf(current!.name)).at(-1), { timeout: 60_000 })
      .toMatch(/, none failed, /);
  });
});
