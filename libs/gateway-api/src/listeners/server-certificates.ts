import type { ServerCertificate } from '@evenly/mesh-config';
import type { Certificate } from './certificates.ts';
import { coveringNames } from './hostnames.ts';
import type { MergedListener } from './merged-listeners.ts';

/**
 * Which certificate a port shows for which name. The first of a listener is for all of the listener's names, but for those
 * that another one of the listener is for; of two for the same name the first is shown.
 * @param listeners all of the port
 */
export function serverCertificates(listeners: readonly MergedListener[]): ServerCertificate[] {
  const hostnames = new Set(listeners.map(({ spec }) => spec.hostname));
  const taken = new Set(hostnames);
  return listeners
    .flatMap(({ spec, certificates }) => {
      const own = spec.hostname === '' ? '*' : spec.hostname;
      /** Names below that of a more specific listener are that one's. */
      const isFree = (name: string) =>
        !taken.has(name) && coveringNames(name).find((one) => hostnames.has(one)) === spec.hostname;
      return certificates.map(({ cert, key, dnsNames }: Certificate, index): ServerCertificate => {
        const others = certificates.length > 1 ? dnsNames.filter(isFree) : [];
        for (const name of others) taken.add(name);
        return { serverNames: index === 0 ? [own, ...others] : others, cert, key };
      });
    })
    .filter(({ serverNames }) => serverNames.length > 0);
}
