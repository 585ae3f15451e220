import { readyAfter, values, type Config, type OptionSpecs } from '@evenly/service';
import { floodOptions } from './flood-rates.ts';
import { xdsOptions } from './xds/options.ts';

const mebibyte = 1024 * 1024;

export const options = {
  config: {
    describe:
      'mesh config files, separated by commas; read again when they change. This or --xds-server is required',
    schema: values.list(),
    default: '',
  },
  ...xdsOptions,
  workers: {
    describe: 'processes that share the ports, for more than one core',
    schema: values.count(1, 64),
    default: '1',
  },
  host: {
    describe: 'address of the listener that serves when the config has none',
    schema: values.text(),
    default: '0.0.0.0',
  },
  port: {
    describe: 'port of the listener that serves when the config has none; 0 = any free one',
    schema: values.port(),
    default: '8080',
  },
  tlsCert: {
    describe: 'certificate (PEM) of that listener; with --tls-key it speaks TLS',
    schema: values.text(),
  },
  tlsKey: { describe: 'private key (PEM) of --tls-cert', schema: values.text() },
  tlsClientCa: {
    describe:
      'authorities (PEM) of clients’ certificates; with it every client of that listener has to show one',
    schema: values.text(),
  },
  http1: {
    describe: 'that listener takes plain HTTP by HTTP/1.1 too',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  grpcWeb: {
    describe: 'that listener takes gRPC-Web too, by HTTP/1.1 and HTTP/2',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  corsOrigins: {
    describe: 'origins whose pages may call that listener by gRPC-Web, separated by commas; * = all',
    schema: values.list(),
    default: '',
  },
  proxyProtocol: {
    describe: 'connections to that listener begin with a PROXY protocol header, v1 or v2; others are closed',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  trustForwarded: {
    describe: 'clients of that listener are proxies of ours: x-forwarded-* of theirs is kept and added to',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  normalizePath: {
    describe:
      'whether that listener brings paths that are no /package.Service/Method to one form, to match and to pass on: on or off',
    schema: values.oneOf(['on', 'off']),
    default: 'on',
  },
  encodedSlashes: {
    describe: 'what --normalize-path does about %2F, %5C and a backslash in a path: refuse or keep',
    schema: values.oneOf(['refuse', 'keep']),
    default: 'refuse',
  },
  requestIds: {
    describe: 'whether requests without an x-request-id are given one: on or off',
    schema: values.oneOf(['on', 'off']),
    default: 'on',
  },
  accessLog: {
    describe: 'a line of JSON for each call, to a file or to stdout; off = none',
    schema: values.text(),
    default: 'off',
  },
  accessLogSample: {
    describe: 'share of the calls, from 0 to 1, that get a line in the access log',
    schema: values.ratio(),
    default: '1',
  },
  region: { describe: 'the region that this proxy is in, for zonePreference', schema: values.text() },
  zone: { describe: 'the zone that this proxy is in, for zonePreference', schema: values.text() },
  node: {
    describe: 'the Kubernetes node that this proxy runs on, for topology hints',
    schema: values.text(),
    alsoEnv: ['NODE_NAME'],
  },
  id: {
    describe: "who this proxy is, for subsetting; absent = the machine's name",
    schema: values.text(),
    alsoEnv: ['HOSTNAME'],
  },
  dnsServers: {
    describe: 'DNS servers, such as 10.96.0.10:53,[fd00::10]:53; empty = those of the machine',
    schema: values.list(),
    default: '',
  },
  dnsTimeout: {
    describe: 'deadline of one DNS attempt; there are two',
    schema: values.duration(1),
    default: '2s',
  },
  kubeconfig: {
    describe:
      'kubeconfig for kubernetes sources; absent = KUBECONFIG, ~/.kube/config, or the pod’s service account',
    schema: values.text(),
  },
  staleAfter: {
    describe: 'how long the last good endpoints are kept while their source fails',
    schema: values.duration(0, 7 * 24 * 3_600_000),
    default: '1h',
  },
  emptyGrace: {
    describe:
      'how long the last ready endpoints are kept when a source other than a file says that there are none any more, unless health checks find them dead',
    schema: values.duration(0, 3_600_000),
    default: '10s',
  },
  readyAfter: readyAfter(
    'services whose sources have not told endpoints yet: those with a fault of their own, and a tenth of all',
  ),
  connectTimeout: {
    describe: 'from the first SYN to an endpoint until it speaks HTTP/2',
    schema: values.duration(1000),
    default: '5s',
  },
  connectWait: {
    describe: 'how long a call waits for a connection while no endpoint has one; then UNAVAILABLE',
    schema: values.duration(0, 3_600_000),
    default: '1s',
  },
  upstreamProbe: {
    describe:
      'silence since something was sent after which an endpoint is asked for a sign of life, by an empty SETTINGS; 0 = never',
    schema: values.duration(0, 3_600_000),
    default: '6s',
  },
  upstreamProbeTimeout: {
    describe: 'how long an endpoint may stay silent after that before its connection is given up',
    schema: values.duration(1000, 3_600_000),
    default: '10s',
  },
  upstreamKeepalive: {
    describe:
      'silence with calls under way after which an endpoint is sent a PING; 0 = never. gRPC servers mind less than 5m',
    schema: values.duration(0),
    default: '5m',
  },
  upstreamKeepaliveTimeout: {
    describe: 'how long an endpoint may take to answer that PING before its connection is given up',
    schema: values.duration(1000),
    default: '20s',
  },
  upstreamMaxConnectionAge: {
    describe: 'age, ±10 %, at which a connection to an endpoint is replaced; absent = never',
    schema: values.duration(1000),
  },
  maxConnectionAge: {
    describe:
      'age, ±10 %, at which a client is asked by GOAWAY to connect anew, so that new proxies get clients too; absent = never',
    schema: values.duration(1000),
  },
  maxConnectionAgeGrace: {
    describe: 'how long calls may go on after that, before they are cut',
    schema: values.duration(1000),
    default: '1h',
  },
  lameDuck: {
    describe:
      'how long new connections are still taken after SIGTERM, from clients that DNS has told of no other proxy yet; part of --drain-timeout',
    schema: values.duration(0, 3_600_000),
    default: '0s',
  },
  maxConnections: {
    describe: 'most client connections of a listener',
    schema: values.count(1, 1_000_000),
    default: '10000',
  },
  maxConnectionsPerAddress: {
    describe:
      'of these, those of one client: an IPv4 address, or the /64 of an IPv6 one; absent = half, 100 at least. Behind a load balancer without PROXY protocol, all of its clients are one',
    schema: values.count(1, 1_000_000),
  },
  handshakeTimeout: {
    describe:
      'from a connection to HTTP: PROXY header, TLS handshake and first bytes together; then as long for the first headers',
    schema: values.duration(100, 60_000),
    default: '10s',
  },
  maxStreams: {
    describe: 'most calls at a time of one client connection; those count that it has cancelled just now',
    schema: values.count(1, 100_000),
    default: '1000',
  },
  ...floodOptions,
  maxInformational: {
    describe:
      'most informational responses (1xx) of an endpoint before one response; above it the call fails',
    schema: values.count(0, 10_000),
    default: '8',
  },
  headerExpansion: {
    describe:
      'how many times as much as a client has sent its header fields may become by compression, beyond 8 MiB and 2 MiB a second; requests above it are refused',
    schema: values.count(1, 100_000),
    default: '64',
  },
  cancelHold: {
    describe: 'how long a call that was cancelled still counts against --max-streams',
    schema: values.duration(0, 60_000),
    default: '1s',
  },
  stalledClientTimeout: {
    describe:
      'how long a client that reads nothing may keep more than 1 MiB of responses waiting; 0 = for a minute',
    schema: values.duration(0, 60_000),
    default: '10s',
  },
  uploadStallTimeout: {
    describe:
      'HTTP/1.1: how long an endpoint may take nothing of an upload of which more has come than is read ahead, so that nobody sees whether its client has gone',
    schema: values.duration(1, 300_000),
    default: '60s',
  },
  idleTimeout: {
    describe: 'a client connection without calls is closed after this; 0 = never',
    schema: values.duration(0),
    default: '1h',
  },
  replayBytes: {
    describe: 'content of one request that is kept for another attempt, in bytes',
    schema: values.count(0, 16 * mebibyte),
    default: '65536',
  },
  replayTotalBytes: {
    describe: 'content of all requests together that is kept for another attempt, in bytes',
    schema: values.count(0, 4096 * mebibyte),
    default: String(32 * mebibyte),
  },
  bufferTotalBytes: {
    describe:
      'what is held for clients, in bytes: headers of calls under way, content, and what is not read. Who holds most is refused first. At most a third of V8’s heap counts',
    schema: values.count(mebibyte, 64_000 * mebibyte),
    default: String(64 * mebibyte),
  },
} as const satisfies OptionSpecs;

export type ProxyConfig = Config<typeof options>;
