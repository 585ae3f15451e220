import { VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

interface Panel {
  title: string;
  /** What of it is worth a look. */
  description: string;
  /** A unit of Grafana: `short`, `s`, `bytes`, `percentunit`, `reqps`. */
  unit: string;
  /** Legend to query, in which `NS` stands for the namespace that is chosen. */
  queries: Record<string, string>;
}

const rows: Record<string, readonly Panel[]> = {
  'Calls through l7-proxy': [
    {
      title: 'Calls',
      description: 'Ended calls a second, by route.',
      unit: 'reqps',
      queries: { '{{route}}': 'sum by (route) (rate(evenly_proxy_calls_total{NS}[$__rate_interval]))' },
    },
    {
      title: 'Calls that failed',
      description: 'Every status of gRPC but OK; of HTTP, 5xx and what was cut off.',
      unit: 'reqps',
      queries: {
        '{{route}} {{code}}':
          'sum by (route, code) (rate(evenly_proxy_calls_total{NS, code!~"OK|[1-4]xx"}[$__rate_interval])) > 0',
      },
    },
    {
      title: 'Time of a call, p50 and p99',
      description: 'From a request to the end of its response.',
      unit: 's',
      queries: {
        'p50 {{route}}':
          'histogram_quantile(0.5, sum by (route, le) (rate(evenly_proxy_call_seconds_bucket{NS}[$__rate_interval])))',
        'p99 {{route}}':
          'histogram_quantile(0.99, sum by (route, le) (rate(evenly_proxy_call_seconds_bucket{NS}[$__rate_interval])))',
      },
    },
    {
      title: 'Calls in flight',
      description: 'What an autoscaler goes by: see docs/observability.md.',
      unit: 'short',
      queries: { '{{pod}}': 'sum by (pod) (evenly_proxy_calls_active{NS})' },
    },
  ],
  'Evenness: calls by endpoint': [
    {
      title: 'Attempts by endpoint',
      description:
        'Lines that lie on each other are even. Weights, zones and new endpoints that warm up move them apart.',
      unit: 'reqps',
      queries: {
        '{{service}} {{endpoint}}':
          'sum by (service, endpoint) (rate(evenly_proxy_endpoint_calls_total{NS}[$__rate_interval]))',
      },
    },
    {
      title: 'The busiest endpoint over the mean',
      description: '1 is even.',
      unit: 'short',
      queries: {
        '{{service}}':
          'max by (service) (sum by (service, endpoint) (rate(evenly_proxy_endpoint_calls_total{NS}[$__rate_interval]))) / avg by (service) (sum by (service, endpoint) (rate(evenly_proxy_endpoint_calls_total{NS}[$__rate_interval])))',
      },
    },
    {
      title: 'Time of an attempt by endpoint, p99',
      description: 'One line above the others is a slow pod.',
      unit: 's',
      queries: {
        '{{service}} {{endpoint}}':
          'histogram_quantile(0.99, sum by (service, endpoint, le) (rate(evenly_proxy_endpoint_seconds_bucket{NS}[$__rate_interval])))',
      },
    },
    {
      title: 'Refused by circuit breakers, and retries',
      description: 'Above 0 for long: an endpoint or a limit is too small.',
      unit: 'reqps',
      queries: {
        'refused {{service}} {{kind}}':
          'sum by (service, kind) (rate(evenly_proxy_breaker_refused_total{NS}[$__rate_interval]))',
        'retries {{route}} {{kind}}':
          'sum by (route, kind) (rate(evenly_proxy_retries_total{NS}[$__rate_interval]))',
      },
    },
  ],
  'Control plane: xds-server': [
    {
      title: 'Clients',
      description: 'Open xDS streams of each server.',
      unit: 'short',
      queries: { '{{pod}}': 'sum by (pod) (evenly_xds_streams{NS})' },
    },
    {
      title: 'Endpoints that clients are told',
      description: '0: clients of that service have nobody to call.',
      unit: 'short',
      queries: {
        '{{service}}': 'max by (service) (evenly_endpoints{NS})',
        'unhealthy {{service}}': 'max by (service) (evenly_endpoints_unhealthy{NS}) > 0',
      },
    },
    {
      title: 'Time up to an acknowledgement, p99',
      description: 'From a push to the ACK: how fast a change is at work.',
      unit: 's',
      queries: {
        '{{type}}':
          'histogram_quantile(0.99, sum by (type, le) (rate(evenly_xds_ack_seconds_bucket{NS}[$__rate_interval])))',
      },
    },
    {
      title: 'Rejected, failed, refused',
      description: 'Each of these has an alert in docs/observability.md.',
      unit: 'short',
      queries: {
        'NACK {{type}}': 'sum by (type) (increase(evenly_xds_nacks_total{NS}[$__rate_interval]))',
        'source {{service}} {{code}}':
          'sum by (service, code) (increase(evenly_source_errors_total{NS}[$__rate_interval]))',
        'config {{pod}}': 'sum by (pod) (increase(evenly_config_errors_total{NS}[$__rate_interval]))',
      },
    },
  ],
  Programs: [
    {
      title: 'CPU',
      description: 'Cores. One Node process uses one, and l7-proxy one for each worker.',
      unit: 'short',
      queries: { '{{pod}}': 'sum by (pod) (rate(process_cpu_seconds_total{NS}[$__rate_interval]))' },
    },
    {
      title: 'Memory',
      description: 'Resident, which the limit of the container is for.',
      unit: 'bytes',
      queries: { '{{pod}}': 'sum by (pod) (process_resident_memory_bytes{NS})' },
    },
    {
      title: 'Lag of the event loop, p99',
      description: 'Above 50 ms: more to do than the process has time for.',
      unit: 's',
      queries: { '{{pod}}': 'max by (pod) (nodejs_eventloop_lag_p99_seconds{NS})' },
    },
    {
      title: 'Versions',
      description: 'Pods by program and version: two of one program are a roll-out.',
      unit: 'short',
      queries: { '{{app}} {{version}}': 'count by (app, version) (evenly_build_info{NS})' },
    },
  ],
};

const source = { type: 'prometheus', uid: '${datasource}' };

/** The dashboard as Grafana imports it. */
export function dashboard(): object {
  const builder = new DashboardBuilder('Evenly')
    .uid('evenly')
    .tags(['grpc', 'load-balancing'])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('namespace')
        .datasource(source)
        .query('label_values(evenly_build_info, namespace)')
        .multi(true)
        .includeAll(true),
    );
  let id = 1;
  for (const [title, panels] of Object.entries(rows)) {
    builder.withRow(new RowBuilder(title).id(id++));
    for (const panel of panels) builder.withPanel(panelOf(panel).id(id++));
  }
  return builder.build();
}

function panelOf({ title, description, unit, queries }: Panel): PanelBuilder {
  const legend = new VizLegendOptionsBuilder().showLegend(true);
  const panel = new PanelBuilder().title(title).description(description).unit(unit).min(0);
  panel.datasource(source).legend(legend).span(6).height(8);
  for (const [index, [name, query]] of Object.entries(queries).entries()) {
    const expr = query.replaceAll('NS', 'namespace=~"$namespace"');
    const refId = String.fromCharCode('A'.charCodeAt(0) + index);
    panel.withTarget(new DataqueryBuilder().refId(refId).expr(expr).legendFormat(name));
  }
  return panel;
}
