import { inject } from 'vitest';
import { parseExposition } from './exposition.ts';

/** Metrics of an xds-server with `--gateway-api`, which needs a cluster. */
const ofGatewayApi = [
  'evenly_gateway_leading',
  'evenly_gateway_translation_seconds',
  'evenly_gateway_statuses_written_total',
  'evenly_gateway_write_errors_total',
];

/** Names of rows, as queries have them: of a histogram `_bucket`, `_sum` and `_count`. */
const known = new Set([
  ...ofGatewayApi,
  ...inject('apps').flatMap(({ metrics }) => parseExposition(metrics).flatMap(namesOf)),
]);

function namesOf({ name, type }: { name: string; type: string }): string[] {
  return type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name];
}

const ours = /\b(?:evenly|grpc|echo_client|frontend|nodejs|process)_\w+/g;

/** Metrics in a query of PromQL that no app has. @throws Error where it asks for none at all */
export function unknownMetrics(query: string): string[] {
  const names = query.replace(/"[^"]*"/g, '').match(ours);
  if (names === null) throw new Error(`no metric in ${query}`);
  return names.filter((name) => !known.has(name) && !labels.has(name));
}

/** Labels that look like metrics. */
const labels = new Set(['grpc_code', 'grpc_method', 'grpc_service']);
