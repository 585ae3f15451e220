import { refuseIf } from './refusal.ts';

/** What a server may ask of this client. More is refused, with the name of the resource. */
export const clientLimits = {
  /** Resources of each type. */
  resources: 10_000,
  /** Of one route configuration; and the same with those of a virtual host once for each of its domains. */
  routes: 20_000,
  routesOfDomains: 100_000,
  /** Clusters that one route leads to. */
  destinations: 1000,
  /** Of one route: each is a call more. */
  mirrors: 8,
  /** Of one cluster: as many as a balancer takes. */
  endpoints: 10_000,
  /** Of one endpoint, beside its first one. */
  additionalAddresses: 8,
  /** Of one listener, each with a certificate; and the server names of all of them. */
  filterChains: 1000,
  serverNames: 10_000,
  /** Characters of a certificate with its intermediate ones, and of a key. */
  certificateLength: 1024 * 1024,
  /** Characters of a resource's name, as the server takes them in subscriptions. */
  nameLength: 1024,
} as const;

/** Sums of weights must fit (gRFC A27, A28). */
export const maxUint32 = 0xffff_ffff;

/** @throws Refusal */
export function checkedName(what: string, name: string): string {
  refuseIf(name === '', `${what} has no name`);
  const { nameLength } = clientLimits;
  refuseIf(name.length > nameLength, `${what} has a name of more than ${nameLength} characters`);
  return name;
}
