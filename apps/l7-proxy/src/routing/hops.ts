import type { HeaderBlock, HeaderField } from '@evenly/http2';
import { failure, type Failure } from '../failure.ts';

/** Proxies that a request may have come through; more are a loop. */
export const maxHops = 32;
/** RFC 9110 §7.6.3: a pseudonym, for endpoints need not know our host names. */
const pseudonym = 'evenly';

/**
 * Why a request goes no further than here: it has come through too many proxies (RFC 9110 §7.6: a loop must end), or was
 * meant for as many as there were (§7.6.2 Max-Forwards).
 */
export function hopFailure(request: HeaderBlock): Failure | undefined {
  if (viaCount(request) >= maxHops) {
    const reason = `the request has come through ${maxHops} proxies: a loop`;
    return { ...failure('INTERNAL', reason, 'loop'), httpStatus: 508 };
  }
  const { method } = request.asRequest();
  if (!isLimited(method) || request.get('max-forwards') !== '0') return undefined;
  const reason = 'Max-Forwards: 0, so this proxy answers';
  // What the target can do, only the endpoint could say; and a request that is echoed shows what it carries (RFC 9110 §9.3.8).
  return {
    ...failure('UNIMPLEMENTED', reason, 'max-forwards'),
    httpStatus: method === 'OPTIONS' ? 204 : 501,
  };
}

/** The fields as they go on to the next hop. */
export function nextHop(fields: HeaderField[], method: string): HeaderField[] {
  if (!isLimited(method)) return fields;
  return fields.map((one) => {
    if (one.name !== 'max-forwards' || !/^\d{1,9}$/.test(one.value)) return one;
    return { ...one, value: String(Number(one.value) - 1) };
  });
}

/** @param protocol how the request came */
export function viaField(protocol: '1.1' | '2.0'): HeaderField {
  return { name: 'via', value: `${protocol} ${pseudonym}`, sensitive: false };
}

const isLimited = (method: string) => method === 'OPTIONS' || method === 'TRACE';

function viaCount({ fields }: HeaderBlock): number {
  let count = 0;
  for (const { name, value } of fields) if (name === 'via') count += value.split(',').length;
  return count;
}
