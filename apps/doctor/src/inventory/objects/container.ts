import * as z from 'zod';
import { listOf } from '@evenly/gateway-api';

/** A container of a pod, as far as it tells whom it calls, whether it is ready, and how it ends. */
export interface Container {
  name: string;
  image: string;
  /** What the manifest gives it to read: values of its environment, command and arguments. */
  texts: readonly Text[];
  ports: readonly { name: string; containerPort: number }[];
  readiness: Probe | undefined;
  liveness: Probe | undefined;
  preStop: PreStop | undefined;
  mounts: readonly { name: string; mountPath: string }[];
  /** It starts before the others and ends after them (`restartPolicy: Always` of an init container). */
  isNativeSidecar: boolean;
  /** Some of its environment comes from ConfigMaps or Secrets, which are not read. */
  hasHiddenTexts: boolean;
}

export interface Text {
  /** `env SERVER_ADDRESS`, `args[0]` */
  at: string;
  value: string;
}

export type Probe =
  | { kind: 'grpc'; port: number; service: string }
  | { kind: 'exec'; command: readonly string[] }
  | { kind: 'httpGet' | 'tcpSocket' }
  | { kind: 'unknown' };

/** `seconds` is how long it takes, where the manifest says that. */
export interface PreStop {
  seconds: number | undefined;
}

const text = z
  .string()
  .nullish()
  .transform((given) => given ?? '');
const command = listOf(z.string(), 10_000);

const probe = z
  .object({
    grpc: z.object({ port: z.int(), service: text }).nullish(),
    exec: z.object({ command }).nullish(),
    httpGet: z.unknown().optional(),
    tcpSocket: z.unknown().optional(),
  })
  .nullish()
  .transform((given): Probe | undefined => {
    if (!given) return undefined;
    if (given.grpc) return { kind: 'grpc', ...given.grpc };
    if (given.exec) return { kind: 'exec', ...given.exec };
    if (given.httpGet) return { kind: 'httpGet' };
    return { kind: given.tcpSocket ? 'tcpSocket' : 'unknown' };
  });

const preStop = z
  .object({
    sleep: z.object({ seconds: z.number() }).nullish(),
    exec: z.object({ command }).nullish(),
    httpGet: z.unknown().optional(),
  })
  .nullish()
  .transform((given): PreStop | undefined => {
    if (!given) return undefined;
    if (given.sleep) return { seconds: given.sleep.seconds };
    // `sleep 5`, `sh -c "sleep 5"`, `/bin/sleep 5s`
    const slept = /(?:^|[\s/])sleep\s+(\d+(?:\.\d+)?)s?\b/.exec(given.exec?.command.join(' ') ?? '');
    return { seconds: slept === null ? undefined : Number(slept[1]) };
  });

const environment = listOf(
  z.object({ name: z.string(), value: z.string().nullish(), valueFrom: z.looseObject({}).nullish() }),
  10_000,
);

export const container = z
  .object({
    name: z.string(),
    image: text,
    command,
    args: command,
    env: environment,
    envFrom: listOf(z.unknown(), 10_000),
    ports: listOf(z.object({ name: text, containerPort: z.int() }), 1000),
    readinessProbe: probe,
    livenessProbe: probe,
    lifecycle: z.object({ preStop }).nullish(),
    volumeMounts: listOf(z.object({ name: z.string(), mountPath: z.string() }), 1000),
    restartPolicy: z.string().nullish(),
  })
  .transform((given): Container => {
    const isHidden = (from: object) => 'configMapKeyRef' in from || 'secretKeyRef' in from;
    return {
      name: given.name,
      image: given.image,
      texts: textsOf(given),
      ports: given.ports,
      readiness: given.readinessProbe,
      liveness: given.livenessProbe,
      preStop: given.lifecycle?.preStop,
      mounts: given.volumeMounts,
      isNativeSidecar: given.restartPolicy === 'Always',
      hasHiddenTexts:
        given.envFrom.length > 0 || given.env.some(({ valueFrom }) => valueFrom && isHidden(valueFrom)),
    };
  });

interface Given {
  env: readonly { name: string; value?: string | null | undefined }[];
  command: readonly string[];
  args: readonly string[];
}

/** With `$(NAME)` replaced as Kubernetes does it, by variables that stand before. */
function textsOf({ env, command, args }: Given): Text[] {
  const known = new Map<string, string>();
  const expanded = (value: string) =>
    value.replace(/\$\(([^)]+)\)/g, (all, name: string) => known.get(name) ?? all);
  const ofEnv = env.flatMap(({ name, value }) => {
    if (value === undefined || value === null) return [];
    const text = expanded(value);
    known.set(name, text);
    return [{ at: `env ${name}`, value: text }];
  });
  const listed = (what: string, list: readonly string[]) =>
    list.map((value, index) => ({ at: `${what}[${index}]`, value: expanded(value) }));
  return [...ofEnv, ...listed('command', command), ...listed('args', args)];
}
