import { values, type Config, type OptionSpecs } from '@evenly/service';
import { xdsBootstrapOptions } from '@evenly/service/grpc';
import { headers } from './headers.ts';
import { serviceConfig } from './service-config.ts';
import { target } from './target.ts';

const channelOptions = {
  target: {
    describe: 'whom to call: HOST:PORT, or a gRPC target such as k8s:///be1-srv.default:grpc',
    schema: target(),
    required: true,
    alsoEnv: ['SERVER_ADDRESS', 'UPSTREAM_HOST'],
  },
  policy: {
    describe: 'load balancing policy by its name; without it and --service-config: round robin',
    schema: values.text(),
  },
  serviceConfig: {
    describe: 'gRPC service config as JSON; xDS brings its own, which takes its place',
    schema: serviceConfig(),
  },
  dnsRefresh: {
    describe: 'longest time between two look-ups of a dns+srv: or dns+a: name',
    schema: values.duration(100),
    default: '10s',
  },
  zone: {
    describe:
      'where this client runs: the evenly_… policies prefer endpoints of this zone; absent = no preference',
    schema: values.text(),
  },
  ...xdsBootstrapOptions,
} as const satisfies OptionSpecs;

const callOptions = {
  name: {
    describe: 'the name that is sent, with the number of the call behind it',
    schema: values.text(),
    default: 'echo-client',
    alsoEnv: ['NAME'],
  },
  deadline: { describe: 'limit of each call', schema: values.duration(1), default: '1m' },
  waitForReady: {
    describe: 'calls wait for an endpoint until their deadline, instead of failing at once',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  headers: {
    describe: 'metadata of each call, comma-separated, such as x-canary=always',
    schema: headers(),
    default: '',
  },
} as const satisfies OptionSpecs;

const modeOptions = {
  mode: {
    describe:
      'batch: --concurrency calls at once, all awaited, the next; interval: a call every --interval; ' +
      'threads: --concurrency callers that pause at random; rate: --rate calls a second, whether answered or not',
    schema: values.oneOf(['batch', 'interval', 'threads', 'rate']),
    default: 'interval',
  },
  interval: {
    describe: 'time between the begins of two calls (mode interval)',
    schema: values.duration(1),
    default: '1s',
    alsoEnv: ['DURATION'],
  },
  concurrency: {
    describe: 'calls of a batch (10 by default), or threads (4)',
    schema: values.count(1, 10_000),
  },
  pause: {
    describe: 'longest pause of a thread between two calls; each is chosen at random',
    schema: values.duration(0),
    default: '700ms',
  },
  failurePause: {
    describe: 'pause after a batch of which every call failed',
    schema: values.duration(1),
    default: '1s',
  },
  rate: {
    describe: 'calls a second (mode rate)',
    schema: values.count(1, 100_000),
    default: '100',
  },
  maxInFlight: {
    describe: 'calls in flight at most in mode rate; those that are due beyond it are counted as skipped',
    schema: values.count(1, 100_000),
    default: '1000',
  },
  calls: { describe: 'end after so many calls; absent = never', schema: values.count(1, 1_000_000_000) },
  runFor: { describe: 'end after this time; absent = never', schema: values.duration(1) },
} as const satisfies OptionSpecs;

const outputOptions = {
  output: {
    describe:
      'live: a table that is kept up to date; tally: a line every --report-every; calls: a line for each call; ' +
      'auto: live in a terminal, else tally',
    schema: values.oneOf(['auto', 'live', 'tally', 'calls']),
    default: 'auto',
  },
  reportEvery: { describe: 'time between two tallies', schema: values.duration(100), default: '1s' },
  json: { describe: 'JSON lines instead of text', schema: values.flag(), default: 'false', isFlag: true },
} as const satisfies OptionSpecs;

export const optionSpecs = {
  ...channelOptions,
  ...callOptions,
  ...modeOptions,
  ...outputOptions,
  port: {
    describe: 'port of the HTTP server: /healthz makes a call; 0 = any free one',
    schema: values.port(),
    default: '8080',
  },
  host: {
    describe: 'address that the HTTP server binds to; :: = IPv6 and IPv4',
    schema: values.text(),
    default: '0.0.0.0',
  },
  drainTimeout: {
    describe: 'how long calls in flight may take after SIGTERM or SIGINT before they are cancelled',
    schema: values.duration(),
    default: '5s',
  },
} as const satisfies OptionSpecs;

export type EchoClientConfig = Config<typeof optionSpecs>;
