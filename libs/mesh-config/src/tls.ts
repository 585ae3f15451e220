/** TLS of the proxy towards a service's endpoints. Files are PEM, absolute or relative to the working directory. */
export interface UpstreamTls {
  /** The authorities of the endpoints' certificates; absent = those that the machine trusts. */
  ca?: string;
  /** The same as PEM text in memory, instead of `ca`; never from a file of the config: ConfigMaps of a cluster. */
  caText?: string;
  /** With `key`, for endpoints that want to know who calls (mTLS). */
  cert?: string;
  key?: string;
  /** Asked for by SNI, and what the endpoints' certificates must be for; absent = the service's name. */
  serverName?: string;
}

/** TLS of a listener. Files are PEM, absolute or relative to the working directory. */
export interface ListenerTls {
  cert: string;
  key: string;
  /** The authorities of clients' certificates; with it, every client has to show one (mTLS). */
  clientCa?: string;
}

/** A certificate for some of a listener's names. PEM texts in memory, never from a file of the config: Secrets of a cluster. */
export interface ServerCertificate {
  /**
   * What clients ask for by SNI: `shop.example.com`, `*.example.com` (one label or several), and `*`, which also holds for
   * those that ask for nothing. The most specific one of a listener wins. In lower case.
   */
  serverNames: readonly string[];
  /** Followed by intermediate ones. */
  cert: string;
  key: string;
}
