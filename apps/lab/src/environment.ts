const proxies = ['grpc_proxy', 'http_proxy', 'https_proxy', 'all_proxy'];

/**
 * The environment that the lab's programs get: its own, less what would change them behind the scenario's back.
 * - EVENLY_… are options of the lab here, but would be read by every program.
 * - grpc-js sends loopback calls, and even xds:/// targets, through a company's HTTP proxy if the variables say so.
 */
export function childEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !entry[0].startsWith('EVENLY_') && !proxies.includes(entry[0].toLowerCase()),
  );
  return Object.fromEntries(kept);
}
