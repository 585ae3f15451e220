import { canonicalAddress } from '@evenly/endpoints';
import type { Listener } from '../mesh-config.ts';

/** What a listener takes of a port: of each family nothing, one address, or all. */
interface Taken {
  v4?: string;
  v6?: string;
}

const all = { v4: '0.0.0.0', v6: '::' } as const;

/** Whether the system refuses one of the two their port. Port 0 is another one each time. */
export function overlap(a: Listener, b: Listener): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const [one, other] = [takenBy(a.address), takenBy(b.address)];
  return (['v4', 'v6'] as const).some((family) => {
    const pair = [one[family], other[family]];
    if (pair[0] === undefined || pair[1] === undefined) return false;
    return pair[0] === pair[1] || pair.includes(all[family]);
  });
}

/** On Linux `::` takes IPv4 too, and an IPv4 address can be written as one of IPv6 (RFC 4291 §2.5.5.2). */
function takenBy(address: string): Taken {
  const plain = canonicalAddress(address) ?? address;
  if (plain.replace(/%.*/, '') === all.v6) return all;
  return plain.includes(':') ? { v6: plain } : { v4: plain };
}
