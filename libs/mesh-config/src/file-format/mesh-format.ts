import * as z from 'zod';
import type { HealthCheck, Service, Subset } from '../mesh-config.ts';
import { clusters } from './clusters-format.ts';
import { listener } from './listener-format.ts';
import { policy } from './policy-format.ts';
import { routes } from './route-format.ts';
import { servers } from './servers-format.ts';
import { locality, source } from './source-format.ts';
import { upstreamTls } from './tls-format.ts';
import { duration, maybeText, name, port, text, whole } from './values.ts';

/** The form of a whole config file. */

const healthCheck = z
  .strictObject({
    grpcService: maybeText()
      .prefault('')
      .describe('The service that is asked about; empty = the server as a whole'),
    authority: z.exactOptional(
      text(259)
        .regex(/^[A-Za-z0-9._~[\]:-]+$/, {
          error: 'must be a host, or a host and a port, such as shop.example.org:8443',
        })
        .describe(
          'What endpoints get as :authority; absent = the name of their TLS, else their address and port',
        ),
    ),
    port: z.exactOptional(port.describe('Of the endpoint’s address; absent = the port that calls go to')),
    timeout: duration().prefault('1s').describe('Deadline of one check'),
    interval: duration(10).prefault('5s').describe('Time between two checks of an endpoint'),
    healthyThreshold: whole(1, 100).prefault(1).describe('Good responses in a row until it gets calls again'),
    unhealthyThreshold: whole(1, 100)
      .prefault(3)
      .describe(
        'Missing or late responses in a row until it gets no more; one that it is not serving counts at once',
      ),
  })
  .transform(({ timeout, interval, ...rest }): HealthCheck => ({
    ...rest,
    timeoutMs: timeout,
    intervalMs: interval,
  }))
  .describe('Active checks by grpc.health.v1; absent = none');

const subsets = z
  .record(name, z.strictObject({ source }))
  .prefault({})
  .transform((byName): ReadonlyMap<string, Subset> => named(byName))
  .describe('Versions of the service that routes can name, each with its own source');

const service = z
  .strictObject({
    source,
    locality,
    healthCheck: z.exactOptional(healthCheck),
    subsets,
    tls: z.exactOptional(upstreamTls),
    protocol: z
      .exactOptional(z.literal('http1'))
      .describe('What endpoints speak that do not speak HTTP/2; absent = HTTP/2, as gRPC needs it'),
    servers: z.exactOptional(servers),
    policy: policy.prefault({}),
  })
  .refine(({ protocol, healthCheck: check }) => protocol === undefined || check === undefined, {
    error: 'must not be there with protocol http1: it is asked by gRPC',
    path: ['healthCheck'],
  })
  .refine(canBeChecked, {
    path: ['healthCheck'],
    error:
      'must have a port of its own, or the service tls as its servers want it: they would refuse every check',
  });

/** Else all endpoints would be taken out. */
function canBeChecked({
  healthCheck: check,
  servers: own,
  tls,
}: Pick<Service, 'healthCheck' | 'servers' | 'tls'>) {
  if (check === undefined || check.port !== undefined || own === undefined) return true;
  if (own.security === 'none') return true;
  return own.security === 'tls' ? tls !== undefined : tls?.cert !== undefined;
}

const services = z
  .record(name, service)
  .refine((byName) => Object.keys(byName).length <= 1000, { error: 'must hold at most 1000 services' })
  .transform((byName): ReadonlyMap<string, Service> => named(byName))
  .describe('By name');

export const meshFormat = z
  .strictObject({
    $schema: z.exactOptional(z.string()).describe('For editors; not looked at'),
    clusters,
    services,
    routes: routes.prefault([]),
    listeners: z.array(listener).max(100).prefault([]),
  })
  .meta({ title: 'Evenly mesh config' });

/** A map of objects that know their own name; a Map, because a service may be called `constructor`. */
function named<T>(byName: Readonly<Record<string, T>>): ReadonlyMap<string, T & { name: string }> {
  return new Map(Object.entries(byName).map(([key, value]) => [key, { name: key, ...value }]));
}
