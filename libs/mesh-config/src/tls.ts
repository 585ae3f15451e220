/** TLS of the proxy towards a service's endpoints. Files are PEM, absolute or relative to the working directory. */
export interface UpstreamTls {
  /** The authorities of the endpoints' certificates; absent = those that the machine trusts. */
  ca?: string;
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
