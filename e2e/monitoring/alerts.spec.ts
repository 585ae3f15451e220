import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { alertCases, type AlertCase } from './alert-cases.ts';
import { unknownMetrics } from './known-metrics.ts';
import { hasPromtool, promtool } from './promtool.ts';

interface Rules {
  groups: {
    rules: { alert: string; expr: string; labels: { severity: string }; annotations: { summary: string } }[];
  }[];
}

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const file = pathOf('charts/evenly/monitoring/alerts.yaml');
const rules = (parse(readFileSync(file, 'utf8')) as Rules).groups.flatMap((group) => group.rules);

describe('alerts', () => {
  it.skipIf(!hasPromtool)('are rules that Prometheus takes, without a warning', () => {
    const { ok, text } = promtool(['check', 'rules', '--lint=all', '--lint-fatal', file]);
    expect(ok, text).toBe(true);
  });

  it.skipIf(!hasPromtool)('fire, and stay silent, as their cases say', () => {
    const directory = mkdtempSync(join(tmpdir(), 'evenly-alerts-'));
    const tests = alertCases.flatMap((each) => [
      testOf(each, each.fires, true),
      testOf(each, each.silent, false),
    ]);
    const path = join(directory, 'tests.yaml');
    writeFileSync(path, stringify({ rule_files: [file], evaluation_interval: '1m', tests }));
    const { ok, text } = promtool(['test', 'rules', path]);
    rmSync(directory, { recursive: true });
    expect(ok, text).toBe(true);
  });

  it('have a case each, and a way to mend what they tell of in docs/observability.md', () => {
    expect(alertCases.map(({ alert }) => alert)).toEqual(rules.map(({ alert }) => alert));
    const docs = readFileSync(pathOf('docs/observability.md'), 'utf8').replace(/ +/g, ' ');
    for (const { alert, labels } of rules) expect(docs).toContain(`| \`${alert}\` | ${labels.severity} |`);
  });

  it.each(rules)('$alert asks for metrics that there are', ({ expr }) => {
    expect(unknownMetrics(expr)).toEqual([]);
  });
});

/** At minute 29: fired for good, or silent. */
function testOf({ alert }: AlertCase, series: AlertCase['fires'], fires: boolean) {
  return {
    name: `${alert} ${fires ? 'fires' : 'is silent'}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: labelled(name), values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}", alertstate="firing"})`,
        eval_time: '29m',
        exp_samples: fires ? [{ labels: '{}', value: 1 }] : [],
      },
    ],
  };
}

/** As Prometheus' operator labels what it scrapes of a pod. */
function labelled(series: string): string {
  const [, name, labels] = /^(\w+)(?:\{(.*)\})?$/.exec(series)!;
  return `${name}{${[labels, 'namespace="mesh"', 'pod="p"'].filter((each) => each !== undefined).join(',')}}`;
}
