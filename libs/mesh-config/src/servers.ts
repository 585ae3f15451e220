export const serverSecurities = ['mtls', 'tls', 'none'] as const;
/**
 * - `mtls`: both sides show a certificate of the same authorities; whoever has none, or speaks plaintext, is refused
 * - `tls`: servers show one, clients need none
 * - `none`: xDS says nothing of it, so both use credentials of their own, which mostly means plaintext
 *
 * There is none that takes both plaintext and TLS: gRPC servers do not look into a connection before they choose (gRFC A36).
 */
export type ServerSecurity = (typeof serverSecurities)[number];

/** How the gRPC servers of a service serve that ask for it by xDS (gRFC A36). */
export interface Servers {
  security: ServerSecurity;
  /**
   * What their certificates are for, and clients make sure of: names, or beginnings of them that end in a slash and `*`.
   * `*` alone = any certificate of the authorities. At least one, but for `none`, which has none.
   */
  identities: readonly string[];
  /** What may be called by whom: a call that one of them allows. Absent = everything by everybody; empty = nothing. */
  allow?: readonly AllowedCalls[];
}

/** Both conditions have to hold. */
export interface AllowedCalls {
  /** As `identities`, of the client's certificate. Absent = everybody. */
  clients?: readonly string[];
  /** `/package.Service/Method`, `/package.Service/*` or `/package.*`. Absent = all. */
  methods?: readonly string[];
}

/** The beginning that a name or a method ends in `*` for; undefined = it stands for itself. */
export const beginningOf = (pattern: string): string | undefined =>
  pattern.endsWith('*') ? pattern.slice(0, -1) : undefined;
