import { propagation, type Context } from '@opentelemetry/api';
import type { HeaderBlock, HeaderField } from '@evenly/http2';

/** The fields of W3C trace context. `baggage` is not ours: it is passed on as it came. */
const fieldNames = ['traceparent', 'tracestate'];
export const traceFields: ReadonlySet<string> = new Set(fieldNames);

/** Not health checks and reflection, which would be most of all spans: their trace context is passed on as it came. */
export function isTraced(block: HeaderBlock): boolean {
  return !block.asRequest().path.startsWith('/grpc.');
}

const getter = {
  // A tracestate may come in several fields (W3C Trace Context §3.3.1.1).
  get: ({ fields }: HeaderBlock, wanted: string) =>
    fields.filter(({ name }) => name === wanted && traceFields.has(name)).map(({ value }) => value),
  keys: () => fieldNames,
};

const setter = {
  set: (fields: HeaderField[], name: string, value: string) => {
    if (traceFields.has(name)) fields.push({ name, value, sensitive: false });
  },
};

/** The span that a request says it is made under, as a context. */
export function contextOf(block: HeaderBlock, within: Context): Context {
  return propagation.extract(within, block, getter);
}

/** Fields for a request that is made under a context's span. */
export function fieldsOf(within: Context): HeaderField[] {
  const fields: HeaderField[] = [];
  propagation.inject(within, fields, setter);
  return fields;
}
