/** Incremental, or state of the world: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#variants-of-the-xds-transport-protocol */
export type ProtocolVariant = 'delta' | 'sotw';
