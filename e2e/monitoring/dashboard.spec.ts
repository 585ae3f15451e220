import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dashboard } from './dashboard.ts';
import { unknownMetrics } from './known-metrics.ts';
import { hasPromtool, promtool } from './promtool.ts';

interface Dashboard {
  schemaVersion: number;
  uid: string;
  panels: { id: number; type: string; title: string; targets?: { expr: string; refId: string }[] }[];
}

const file = fileURLToPath(new URL('../../charts/evenly/monitoring/dashboard.json', import.meta.url));
const { panels, uid, schemaVersion } = dashboard() as Dashboard;
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

describe('the dashboard', () => {
  it('is in the chart as it is here: npm run monitoring -w @evenly/e2e -- -u writes it', async () => {
    await expect(`${JSON.stringify(dashboard(), null, 2)}\n`).toMatchFileSnapshot(file);
  });

  it('has what Grafana goes by: an id, the version of its schema, panels with queries', () => {
    expect(uid).toBe('evenly');
    expect(schemaVersion).toBeGreaterThanOrEqual(36);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { type, title, targets = [] } of panels) {
      expect(type === 'row' || targets.length > 0, title).toBe(true);
      expect(
        targets.map(({ refId }) => refId),
        title,
      ).toEqual(['A', 'B', 'C'].slice(0, targets.length));
    }
  });

  it.each(queries)('$title: $expr asks for metrics that there are', ({ expr }) => {
    expect(unknownMetrics(expr)).toEqual([]);
  });

  it.skipIf(!hasPromtool).each(queries)('$title: $expr is PromQL', ({ expr }) => {
    const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$namespace', 'mesh');
    const { ok, text: said } = promtool(['promql', 'format', query, '--experimental']);
    expect(ok, said).toBe(true);
  });
});
