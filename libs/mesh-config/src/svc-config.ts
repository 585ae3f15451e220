import * as z from 'zod';
import { configPart, type ConfigPart } from './config-part.ts';
import { parseConfig, validate, type ConfigDocument, type FieldPath } from './document.ts';
import { defaultPolicy } from './file-format/policy-format.ts';
import { dnsLabel, unique } from './file-format/values.ts';
import type { MeshConfig, Service } from './mesh-config.ts';
import { withDefaults, type OlderFormatOptions } from './older-format-options.ts';

/**
 * The reader of `svc_config.json`: the services of a control plane that finds endpoints by DNS SRV.
 * Format: `{"services": [{"serviceName", "namespace", "portName", "protocol", "grpcServiceName", "zone", "region"}]}`.
 */

const label = (what: string) =>
  z.string({ error: `must be a text: ${what}` }).regex(dnsLabel, {
    error: `must be ${what}: lower-case letters, digits and "-", at most 63`,
  });

/** At most 62 characters, for the "_" before it makes 63, the most of a label in DNS. */
const portName = z
  .string({ error: 'must be the name of a Service port (not a number)' })
  .max(62)
  .regex(dnsLabel, { error: 'must be the name of a Service port: lower-case letters, digits and "-"' });

const locality = z.string().max(253);

const service = z.strictObject({
  serviceName: label('a service name'),
  namespace: label('a namespace'),
  portName,
  protocol: z.enum(['tcp', 'udp']),
  grpcServiceName: z.string({ error: 'must be a text: the gRPC service whose health is checked' }).max(256),
  zone: locality.default(''),
  region: locality.default(''),
});

const schema = z.strictObject({
  services: z
    .array(service, { error: 'must be a list of services' })
    .max(1000)
    .superRefine(unique(({ serviceName }) => serviceName, 'serviceName')),
});

/** One service of `svc_config.json`, as it stands there. */
export type SvcConfigService = z.output<typeof service>;

/**
 * Reads `svc_config.json`.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function readSvcConfig(text: string, file: string): SvcConfigService[] {
  return validate(schema, parseConfig(text, file)).services;
}

/** The same services as a mesh config: DNS SRV, health checks, the default policy, and each service's implicit route. */
export function fromSvcConfig(
  services: readonly SvcConfigService[],
  options: OlderFormatOptions = {},
): MeshConfig {
  const byName = services.map((one): [string, Service] => [one.serviceName, toService(one, options)]);
  return { services: new Map(byName), routes: [], listeners: [] };
}

export function svcConfigPart(document: ConfigDocument, options: OlderFormatOptions): ConfigPart {
  const { services } = validate(schema, document);
  const config = fromSvcConfig(services, options);
  const places = services.map(({ serviceName }, index): [object, FieldPath] => [
    config.services.get(serviceName)!,
    ['services', index, 'serviceName'],
  ]);
  return configPart(document, config, new Map(places));
}

function toService(one: SvcConfigService, options: OlderFormatOptions): Service {
  const { clusterDomain, refreshMs, healthTimeoutMs, healthIntervalMs } = withDefaults(options);
  return {
    name: one.serviceName,
    source: { kind: 'dns-srv', name: srvName(one, clusterDomain), refreshMs },
    locality: { region: one.region, zone: one.zone },
    healthCheck: {
      grpcService: one.grpcServiceName,
      timeoutMs: healthTimeoutMs,
      intervalMs: healthIntervalMs,
      healthyThreshold: 1,
      unhealthyThreshold: 3,
    },
    subsets: new Map(),
    policy: defaultPolicy,
  };
}

/** The SRV name under which the endpoints of a service are found. */
export function srvName(service: SvcConfigService, clusterDomain = 'cluster.local'): string {
  const { portName, protocol, serviceName, namespace } = service;
  return `_${portName}._${protocol}.${serviceName}.${namespace}.svc.${clusterDomain}`;
}
