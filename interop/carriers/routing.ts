/** A mesh config, as far as routing goes: what `docs/mesh-config.md` calls `services` and `routes`. */
export interface Routing {
  /** A service answers with its name. */
  services: readonly string[];
  routes: readonly Route[];
}

export interface Route {
  match: Match;
  to: readonly [{ service: string }];
}

export interface Match {
  authority?: string;
  path?: Text;
  method?: string;
  headers?: readonly Header[];
}

export type Text = { exact: string } | { prefix: string } | { regex: string };
export type Header = { name: string; invert?: boolean } & (Text | { present: true });

/** A call as an application makes it, whoever carries it. */
export interface Call {
  /** What it is for: `shop`, or `shop:9000`. */
  authority: string;
  /** Proxyless clients: the target's name is this one, and `authority` is given to the channel instead. */
  target?: string;
  path: string;
  headers: readonly (readonly [name: string, value: string])[];
}

/**
 * The same routes and calls with names of their own, so that nobody takes what he knows from another config for this one.
 * @param suffix such as `-17`
 */
export function renamed(routing: Routing, suffix: string): Routing {
  return {
    services: routing.services.map((name) => `${name}${suffix}`),
    routes: routing.routes.map(({ match: { authority, ...match }, to: [{ service }] }) => ({
      match: { ...match, ...(authority === undefined ? {} : { authority: renamedHost(authority, suffix) }) },
      to: [{ service: `${service}${suffix}` }],
    })),
  };
}

export function renamedCall({ authority, target, ...call }: Call, suffix: string): Call {
  return {
    ...call,
    authority: renamedHost(authority, suffix),
    ...(target === undefined ? {} : { target: renamedHost(target, suffix) }),
  };
}

/** `shop:9000` is `shop-17:9000`, `Shop.` is `Shop-17.` */
const renamedHost = (authority: string, suffix: string) => authority.replace(/(?=\.?(:\d*)?$)/, suffix);
