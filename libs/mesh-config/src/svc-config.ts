import { z } from 'zod';
import { parseConfig, validate } from './document.ts';

/**
 * The reader of `svc_config.json`: the services of a control plane that finds endpoints by DNS SRV.
 * Format: `{"services": [{"serviceName", "namespace", "portName", "protocol", "grpcServiceName", "zone", "region"}]}`.
 */

/** Kubernetes' rule for names of services and namespaces: RFC 1035 labels. */
const label = (what: string) =>
  z.string({ error: `must be a text: ${what}` }).regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: (issue) =>
      `must be ${what}: lower-case letters, digits and "-", at most 63, got ${JSON.stringify(issue.input)}`,
  });

/** Kubernetes' rule for port names: RFC 6335 §5.1, at most 15 characters with a letter among them. */
const portName = z
  .string({
    error: (issue) => `must be the name of a Service port (not a number), got ${JSON.stringify(issue.input)}`,
  })
  .regex(/^(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/, {
    error: (issue) =>
      `must be the name of a Service port: lower-case letters, digits and "-", at most 15, with a letter, got ${JSON.stringify(issue.input)}`,
  });

const locality = z.string({ error: 'must be a text' }).max(253);

const service = z.strictObject(
  {
    serviceName: label('a service name'),
    namespace: label('a namespace'),
    portName,
    protocol: z.enum(['tcp', 'udp'], {
      error: (issue) => `must be "tcp" or "udp", got ${JSON.stringify(issue.input)}`,
    }),
    grpcServiceName: z.string({ error: 'must be a text: the gRPC service whose health is checked' }).max(256),
    zone: locality.default(''),
    region: locality.default(''),
  },
  { error: strictObjectError },
);

const schema = z
  .strictObject(
    {
      services: z
        .array(service, { error: 'must be a list of services' })
        .max(1000, 'must hold at most 1000 services'),
    },
    { error: strictObjectError },
  )
  .superRefine(({ services }, context) => {
    const first = new Map<string, number>();
    services.forEach(({ serviceName }, index) => {
      const earlier = first.get(serviceName);
      if (earlier === undefined) first.set(serviceName, index);
      else {
        const message = `is there twice: "${serviceName}" is also services[${earlier}]; xDS resources are named by it`;
        context.addIssue({ code: 'custom', path: ['services', index, 'serviceName'], message });
      }
    });
  });

function strictObjectError(issue: { code?: string; keys?: string[]; input?: unknown }): string | undefined {
  if (issue.code === 'unrecognized_keys') return `has fields that are not known: ${issue.keys?.join(', ')}`;
  if (issue.code === 'invalid_type') return `must be an object, got ${JSON.stringify(issue.input)}`;
  return undefined;
}

/** One service of `svc_config.json`, as it stands there. */
export type SvcConfigService = z.output<typeof service>;

/**
 * Reads `svc_config.json`.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function readSvcConfig(text: string, file: string): SvcConfigService[] {
  return validate(schema, parseConfig(text, file)).services;
}

/** The SRV name under which the endpoints of a service are found. */
export function srvName(service: SvcConfigService, clusterDomain = 'cluster.local'): string {
  const { portName, protocol, serviceName, namespace } = service;
  return `_${portName}._${protocol}.${serviceName}.${namespace}.svc.${clusterDomain}`;
}
