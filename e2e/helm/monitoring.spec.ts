import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { objectsIn, pathOf, render, renderValues } from './rendered.ts';

const enabled = ['podMonitor', 'alerts', 'dashboard'].map((part) => `--set=monitoring.${part}.enabled=true`);
const rendered = (...more: string[]) => render('--set=networkPolicy.defaultDeny=false', ...enabled, ...more);

describe('monitoring', () => {
  it('is in the component as in the chart: npm run helm -w @evenly/e2e -- -u writes it', async () => {
    const file = pathOf('k8s/components/monitoring/monitoring.yaml');
    const text = (await rendered()).replace(/^# Source: .*\n/gm, '');
    await expect(
      `# Written from the chart by npm run helm -w @evenly/e2e -- -u\n${text}`,
    ).toMatchFileSnapshot(file);
  });

  it('is off unless values say so, each part by itself', async () => {
    const names = async (...set: string[]) =>
      objectsIn(await render('--set=networkPolicy.defaultDeny=false', ...set)).map(({ kind }) => kind);
    expect(await names()).toEqual([]);
    expect(await names('--set=monitoring.alerts.enabled=true')).toEqual(['PrometheusRule']);
    expect(await names('--set=monitoring.dashboard.enabled=true')).toEqual(['ConfigMap']);
    expect((await names('--set=monitoring.podMonitor.enabled=true')).sort()).toEqual([
      'NetworkPolicy',
      'PodMonitor',
    ]);
  });

  it('carries the labels by which operator and sidecar find it, and lets in whom values name', async () => {
    const peer = '--set-json=monitoring.podMonitor.from=[{"ipBlock":{"cidr":"10.0.0.0/8"}}]';
    const objects = objectsIn(
      await rendered(
        peer,
        '--set=monitoring.alerts.labels.release=prometheus',
        '--set=monitoring.podMonitor.labels.release=p',
      ),
    );
    const of = (kind: string) => objects.find((object) => object.kind === kind)!;
    expect(of('PrometheusRule').metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(of('PodMonitor').metadata.labels).toMatchObject({ release: 'p' });
    expect(of('ConfigMap').metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    expect(of('NetworkPolicy').spec).toMatchObject({
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
    });
  });

  it('values of docs/observability.md are taken: the operator, and an autoscaler by calls in flight', async () => {
    const docs = readFileSync(pathOf('docs/observability.md'), 'utf8');
    const blocks = [...docs.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => parse(yaml!) as object);
    const kinds = async (of: object) => objectsIn(await renderValues(of)).map(({ kind }) => kind);
    expect(await kinds(blocks.find((block) => 'monitoring' in block)!)).toContain('PodMonitor');
    const objects = objectsIn(await renderValues(blocks.find((block) => 'apps' in block)!));
    expect(objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler')!.spec).toMatchObject({
      metrics: [{ type: 'Pods', pods: { metric: { name: 'evenly_proxy_calls_in_flight' } } }],
    });
  });
});
