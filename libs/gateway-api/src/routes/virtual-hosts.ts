import type { VirtualHost } from '@evenly/mesh-config';
import { coveringNames } from '../listeners/hostnames.ts';
import type { MergedListener } from '../listeners/merged-listeners.ts';
import type { AttachedRoutes } from './attached-routes.ts';
import type { Attachment } from './attachment.ts';
import { inOrder } from './route-order.ts';

/** What is known of a host name at a listener. */
interface Domain {
  name: string;
  /** Whose routes count for it, in this order. */
  coveredBy: readonly string[];
  /** No other listener of the port has it more specifically. */
  isOwn: boolean;
  attachments: readonly Attachment[];
  host: VirtualHost | undefined;
}

/**
 * What a port serves. A request belongs to the listener that has its host most specifically, and to no other, be it that
 * none of its routes matches. Of the listener's routes those with the more specific name come first; with the same name
 * the match decides, then age, then the order in the route.
 *
 * A virtual host whose routes are the same as last time is the same object.
 */
export class VirtualHosts {
  /** Listeners are new ones when anything about those of their Gateway has changed. */
  readonly #known = new WeakMap<MergedListener, ReadonlyMap<string, Domain>>();

  /** @param listeners all that are served on one port */
  of(listeners: readonly MergedListener[], attached: AttachedRoutes): VirtualHost[] {
    const names = new Set(listeners.map(({ spec }) => spec.hostname));
    return listeners.flatMap((listener) => this.#ofListener(listener, names, attached.at(listener)));
  }

  #ofListener(
    listener: MergedListener,
    names: ReadonlySet<string>,
    attachments: readonly Attachment[],
  ): VirtualHost[] {
    const { hostname } = listener.spec;
    const byName = attachmentsByName(hostname, attachments);
    const known = this.#known.get(listener);
    const domains = new Map<string, Domain>();
    const hosts: VirtualHost[] = [];
    for (const name of byName.keys()) {
      const domain = known?.get(name) ?? newDomain(name, hostname, names);
      domains.set(name, domain);
      if (domain.isOwn) hosts.push(upToDate(domain, byName));
    }
    this.#known.set(listener, domains);
    return hosts;
  }
}

function attachmentsByName(hostname: string, attachments: readonly Attachment[]): Map<string, Attachment[]> {
  const byName = new Map<string, Attachment[]>([[hostname, []]]);
  for (const attachment of attachments) {
    for (const name of attachment.hostnames) {
      const list = byName.get(name);
      if (list === undefined) byName.set(name, [attachment]);
      else list.push(attachment);
    }
  }
  return byName;
}

function newDomain(name: string, listener: string, listeners: ReadonlySet<string>): Domain {
  const coveredBy = coveringNames(name);
  const isOwn = coveredBy.find((one) => listeners.has(one)) === listener;
  return { name, coveredBy, isOwn, attachments: [], host: undefined };
}

function upToDate(domain: Domain, byName: ReadonlyMap<string, readonly Attachment[]>): VirtualHost {
  let index = 0;
  let isSame = domain.host !== undefined;
  for (const name of domain.coveredBy)
    for (const one of byName.get(name) ?? []) isSame = domain.attachments[index++] === one && isSame;
  if (isSame && index === domain.attachments.length) return domain.host!;
  const lists = domain.coveredBy.map((name) => byName.get(name) ?? []);
  domain.attachments = lists.flat();
  domain.host = { domains: domainsOf(domain.name), routes: [...new Set(lists.flatMap(inOrder))] };
  return domain.host;
}

/** A host name holds for any port. */
function domainsOf(hostname: string): string[] {
  if (hostname === '') return ['*'];
  return [hostname, `${hostname}:*`];
}
