import { readyAfter, values, type Config, type OptionSpecs } from '@evenly/service';
import { xdsBootstrapOptions } from '@evenly/service/grpc';
import * as z from 'zod';

/** How many calls one request makes when it does not say, as in salrashid123/k8s_grpc_xds. */
export const defaultCalls = 15;
export const maxCalls = 1000;

const schemes = ['xds:', 'dns:', 'ipv4:', 'ipv6:', 'unix:'];
const targetTemplate = z.string().refine((text) => schemes.some((scheme) => text.startsWith(scheme)), {
  error: (issue) =>
    `expected a gRPC target with a scheme (${schemes.join(' ')}), got ${JSON.stringify(issue.input)}`,
});

export const optionSpecs = {
  port: { describe: 'port of the HTTP server; 0 = any free one', schema: values.port(), default: '8080' },
  host: {
    describe: 'address that the HTTP server binds to; :: = IPv6 and IPv4',
    schema: values.text(),
    default: '0.0.0.0',
  },
  target: {
    describe: 'gRPC target; {service} becomes the name in the path, for example dns:///{service}:50051',
    schema: targetTemplate,
    default: 'xds:///{service}',
  },
  services: {
    describe:
      'the only services that may be called, comma-separated, whose channels have to have been ready once before the frontend is; empty = any',
    schema: values.list(),
    default: '',
  },
  concurrency: {
    describe: 'calls at the same time for one request; 1 shows round robin best',
    schema: values.count(1, 100),
    default: '1',
  },
  callTimeout: {
    describe: 'limit of each call; an unknown service is answered within 3 s',
    schema: values.duration(1),
    default: '2.8s',
  },
  requestTimeout: {
    describe: 'limit of all calls of one request',
    schema: values.duration(1),
    default: '30s',
  },
  maxRequests: {
    describe: 'requests at the same time; more get 503',
    schema: values.count(1, 100_000),
    default: '100',
  },
  maxChannels: {
    describe: 'channels that are kept; the least recently used goes first',
    schema: values.count(1, 10_000),
    default: '100',
  },
  channelIdle: {
    describe: 'close a channel that no request used for this long',
    schema: values.duration(1),
    default: '5m',
  },
  readyAfter: readyAfter('some of --services, of which one has to have been ready'),
  ...xdsBootstrapOptions,
} as const satisfies OptionSpecs;

export type FrontendConfig = Config<typeof optionSpecs>;
