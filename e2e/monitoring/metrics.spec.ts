import { describe, expect, inject, it } from 'vitest';
import { parseExposition } from './exposition.ts';
import { hasPromtool, promtool } from './promtool.ts';

const apps = inject('apps');

describe.each(apps)('metrics of $app', ({ app, metrics: text }) => {
  const metrics = parseExposition(text);
  const rowsOf = (name: string) => metrics.find((metric) => metric.name === name)?.rows ?? [];

  it.skipIf(!hasPromtool)("follow Prometheus' conventions: promtool check metrics", () => {
    expect(promtool(['check', 'metrics'], text)).toEqual({ ok: true, text: '' });
  });

  it('are counters exactly where their names end in _total, and each says what it is', () => {
    for (const { name, type, help } of metrics) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(help, name).not.toBe('');
    }
  });

  it('say which program this is, and of which version', () => {
    const [info, ...more] = rowsOf('evenly_build_info');
    expect(more).toEqual([]);
    expect(info).toMatchObject({ value: 1, labels: { app: app.split(' ')[0] } });
    expect(info!.labels['version']).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('have no time of 1970, such as the end of a certificate that there is not', () => {
    const times = metrics.filter(({ name }) => name.endsWith('_timestamp_seconds'));
    expect(times.flatMap(({ rows }) => rows).filter(({ value }) => value <= 0)).toEqual([]);
  });
});

/** Rows that are there before anything has happened that they count, by app. */
const fromTheStart: [app: string, metric: string, labels: Record<string, string[]>][] = [
  ['xds-server', 'evenly_xds_requests_total', { said: ['subscribe', 'ack', 'nack', 'stale', 'refused'] }],
  ['xds-server', 'evenly_xds_nacks_total', { type: ['cluster', 'endpoints', 'listener', 'route'] }],
  ['xds-server', 'evenly_tls_certificate_reloads_total', { result: ['taken', 'refused'] }],
  ['xds-server', 'evenly_config_errors_total', {}],
  ['l7-proxy', 'evenly_proxy_calls_total', { code: ['OK', 'UNAVAILABLE', 'INTERNAL'] }],
  ['l7-proxy', 'evenly_proxy_breaker_refused_total', { kind: ['request', 'pending', 'retry'] }],
  ['l7-proxy', 'evenly_config_errors_total', {}],
  ['l7-proxy by xDS', 'evenly_proxy_xds_responses_total', { said: ['ack', 'nack'] }],
  ['echo-backend', 'grpc_server_handled_total', { grpc_code: ['OK', 'UNAVAILABLE', 'CANCELLED'] }],
];

it.each(fromTheStart)('%s: %s has its rows from the start', (app, name, labels) => {
  const { metrics } = apps.find((each) => each.app === app)!;
  const rows = parseExposition(metrics).find((metric) => metric.name === name)!.rows;
  expect(rows).not.toEqual([]);
  for (const [label, values] of Object.entries(labels))
    expect(rows.map((row) => row.labels[label])).toEqual(expect.arrayContaining(values));
});
