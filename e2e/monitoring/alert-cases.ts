/** Values a minute: `0+1x30` begins with 0 and adds 1 thirty times, `3x30` stays, `_` is none. Labels beside `pod="p"`. */
type Series = Readonly<Record<string, string>>;

/** An alert, and what it is fired by and what leaves it silent, each 30 minutes long. */
export interface AlertCase {
  alert: string;
  fires: Series;
  silent: Series;
}

/** Seconds since 1970 at which `promtool` starts are 0. */
const days = (count: number) => count * 86_400;

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'EvenlyNoClients',
    fires: { evenly_xds_streams: '0x30' },
    silent: { evenly_xds_streams: '1x30' },
  },
  {
    alert: 'EvenlyNoEndpoints',
    fires: { 'evenly_endpoints{service="shop"}': '2 2 0x28' },
    silent: { 'evenly_endpoints{service="shop"}': '2 2 0x3 2x25' },
  },
  {
    alert: 'EvenlyServedFromSnapshot',
    fires: { 'evenly_snapshot_age_seconds{service="shop"}': '0+60x30' },
    silent: { 'evenly_snapshot_age_seconds{service="shop"}': '0+60x9 _x20' },
  },
  {
    alert: 'EvenlySourceErrors',
    fires: { 'evenly_source_errors_total{service="shop",code="TIMEOUT"}': '1+2x30' },
    silent: { 'evenly_source_errors_total{service="shop",code="TIMEOUT"}': '1+2x3 7x26' },
  },
  {
    alert: 'EvenlyClusterAway',
    fires: { 'evenly_kubernetes_cluster_sources_away{kubernetes_cluster="east"}': '0x5 3x25' },
    silent: { 'evenly_kubernetes_cluster_sources_away{kubernetes_cluster="east"}': '0x30' },
  },
  {
    alert: 'EvenlyResponsesRejected',
    fires: { 'evenly_xds_nacks_total{type="cluster"}': '0x24 1x6' },
    silent: { 'evenly_xds_nacks_total{type="cluster"}': '1x30' },
  },
  {
    alert: 'EvenlyServerFault',
    fires: { evenly_xds_faults_total: '0x24 1x6' },
    silent: { evenly_xds_faults_total: '1x30' },
  },
  {
    alert: 'EvenlyClientMemoryFull',
    fires: { evenly_xds_client_memory_bytes: '95x30', evenly_xds_client_memory_max_bytes: '100x30' },
    silent: { evenly_xds_client_memory_bytes: '85x30', evenly_xds_client_memory_max_bytes: '100x30' },
  },
  {
    alert: 'EvenlyProxyErrors',
    fires: {
      'evenly_proxy_calls_total{route="r",code="OK"}': '0+900x30',
      'evenly_proxy_calls_total{route="r",code="UNAVAILABLE"}': '0+100x30',
    },
    silent: {
      'evenly_proxy_calls_total{route="r",code="OK"}': '0+980x30',
      'evenly_proxy_calls_total{route="r",code="UNAVAILABLE"}': '0+20x30',
      'evenly_proxy_calls_total{route="r",code="NOT_FOUND"}': '0+500x30', // what a server may well say
    },
  },
  {
    alert: 'EvenlyProxySheds',
    fires: { 'evenly_proxy_breaker_refused_total{service="shop",kind="request"}': '0+5x30' },
    silent: { 'evenly_proxy_breaker_refused_total{service="shop",kind="request"}': '9x30' },
  },
  {
    alert: 'EvenlyProxyClientsRefused',
    fires: { 'evenly_proxy_client_connections_refused_total{listener="proxy",reason="full"}': '0+5x30' },
    silent: { 'evenly_proxy_client_connections_refused_total{listener="proxy",reason="full"}': '9x30' },
  },
  {
    alert: 'EvenlyProxyListenerDown',
    fires: { 'evenly_proxy_listener_up{listener="proxy"}': '1x5 0x25' },
    silent: { 'evenly_proxy_listener_up{listener="proxy"}': '0 1x29' },
  },
  {
    alert: 'EvenlyProxyWithoutControlPlane',
    fires: { evenly_proxy_xds_connected: '1x5 0x25' },
    silent: { evenly_proxy_xds_connected: '1x5 0x3 1x22' },
  },
  {
    alert: 'EvenlyProxyWorkerExits',
    fires: { evenly_proxy_worker_exits_total: '0x24 1x6' },
    silent: { evenly_proxy_worker_exits_total: '1x30' },
  },
  {
    alert: 'EvenlyConfigRefused',
    fires: { evenly_config_errors_total: '0x24 1x6' },
    silent: { evenly_config_errors_total: '1x30' },
  },
  {
    alert: 'EvenlyEndpointsUnhealthy',
    fires: { 'evenly_proxy_endpoints_unhealthy{service="shop"}': '1x30' },
    silent: { 'evenly_endpoints_unhealthy{service="shop"}': '1x5 0x25' },
  },
  {
    alert: 'EvenlyCertificateExpires',
    fires: { evenly_tls_certificate_expiry_timestamp_seconds: `${days(6)}x30` },
    silent: { 'evenly_proxy_certificate_expiry_timestamp_seconds{file="tls.crt"}': `${days(8)}x30` },
  },
];
