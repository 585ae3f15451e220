import * as z from 'zod';
import { canonicalAddress, endpointKey, parseEndpointKey } from '@evenly/endpoints';
import { formatDuration } from '../duration.ts';
import type { SourceCluster } from '../source-cluster.ts';
import { maxClusters } from './clusters-format.ts';
import { dnsLabel, duration, file, ip, maybeText, name, oneOf, port, text, unique, whole } from './values.ts';

/**
 * All that this library knows of a kind of source, in one place. Who makes sources of them has one for each kind:
 * `sources.ts` of `@evenly/discovery`.
 */
interface SourceFormat<Kind extends string, Form extends z.ZodType<object>> {
  kind: Kind;
  /** What a file says, which becomes the fields of the model. */
  form: Form;
  /** The fields as a file says them. */
  print: (fields: z.output<Form>) => object;
  /** The fields with paths that count from elsewhere. */
  placeFiles: (fields: z.output<Form>, place: (path: string) => string) => z.output<Form>;
}

function sourceFormat<const Kind extends string, Form extends z.ZodType<object>>(
  kind: Kind,
  form: Form,
  { print = (fields) => fields, placeFiles = (fields) => fields }: Partial<SourceFormat<Kind, Form>> = {},
): SourceFormat<Kind, Form> {
  return { kind, form, print, placeFiles };
}

const refresh = duration(10, 3_600_000).prefault('10s').describe('The longest time between two look-ups');

/** Of what is looked up again and again. */
const withRefreshMs = <T extends { refresh: number }>({ refresh: refreshMs, ...rest }: T) => ({
  ...rest,
  refreshMs,
});
const withRefresh = <T extends { refreshMs: number }>({ refreshMs, ...rest }: T) => ({
  ...rest,
  refresh: formatDuration(refreshMs),
});

const dnsSrv = z
  .strictObject({
    name: text().describe('Such as _grpc._tcp.be1-srv.default.svc.cluster.local'),
    refresh,
  })
  .transform(withRefreshMs)
  .describe('SRV records: addresses, ports, priorities and weights');

const dnsA = z
  .strictObject({ name: text(), port, refresh })
  .transform(withRefreshMs)
  .describe('A and AAAA records; the port is the same for all');

const label = z.string().regex(dnsLabel, {
  error: 'must have lower-case letters, digits and "-" only, at most 63',
});

const portName = z.string().regex(dnsLabel, {
  error: 'must be a port from 1 to 65535, or the name of one: lower-case letters, digits and "-", at most 63',
});

const kubernetes = z
  .strictObject({
    service: label,
    namespace: label.prefault('default'),
    port: z.union([port, portName]).describe("The name of the Service's port, or the pods' port number"),
    clusters: z
      .exactOptional(
        z
          .array(name)
          .min(1)
          .max(maxClusters)
          .superRefine(unique((one) => one))
          // What they are stands elsewhere, maybe in another file: `merge.ts` fills it in.
          .transform((names): readonly SourceCluster[] => names.map((one) => ({ name: one, region: one }))),
      )
      .describe("That have the Service, by their names in clusters; absent = the program's own"),
  })
  .describe('The EndpointSlices of a Kubernetes Service');

const consul = z
  .strictObject({
    service: text()
      .refine((name) => name !== '.' && name !== '..', { error: 'must be the name of a service' })
      .describe('Its instances, with what their checks say'),
    address: z
      .exactOptional(text())
      .describe('The agent, such as https://127.0.0.1:8501; absent = CONSUL_HTTP_ADDR, or 127.0.0.1:8500'),
    datacenter: z.exactOptional(text()).describe("Absent = the agent's own"),
    tags: z.exactOptional(z.array(text()).min(1).max(16)).describe('Instances that have all of them'),
    onlyPassing: z.boolean().prefault(false).describe('Those with a warning get no calls either'),
    consistency: z
      .enum(['default', 'stale', 'consistent'])
      .prefault('default')
      .describe('stale = any server answers, without a leader too'),
    tokenFile: z.exactOptional(file).describe('Absent = CONSUL_HTTP_TOKEN_FILE or CONSUL_HTTP_TOKEN'),
    ca: z.exactOptional(file).describe("Authorities of the agent's certificate (PEM)"),
    cert: z.exactOptional(file).describe('The certificate that is shown to the agent (PEM)'),
    key: z.exactOptional(file),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'must have both cert and key, or none of them',
  })
  .describe('The instances of a service that is registered with Consul');

const consulFiles = ['tokenFile', 'ca', 'cert', 'key'] as const;

const endpointObject = z.strictObject({
  address: ip,
  port,
  additionalAddresses: z
    .exactOptional(z.array(ip).min(1).max(8))
    .describe('Tried in turn where the first does not connect; it is one endpoint all the same'),
  weight: z.exactOptional(whole(1, 100_000)).describe('Share of calls relative to the others; absent = 1'),
  region: z.exactOptional(text()),
  zone: z.exactOptional(text()),
  hostname: z.exactOptional(text()).describe('For people to read'),
});

/** `10.0.0.1:50051` or `[fd00::1]:50051` */
const endpointText = z.string().transform((value, context): z.output<typeof endpointObject> => {
  const parsed = parseEndpointKey(value);
  if (parsed !== undefined) return parsed;
  context.addIssue('must be an IP address and a port, such as 10.0.0.1:50051 or [fd00::1]:50051');
  return z.NEVER;
});

const endpoints = z
  .array(z.union([endpointText, endpointObject]))
  .max(10_000)
  .superRefine(
    unique(({ address, port }) => endpointKey({ address: canonicalAddress(address) ?? address, port })),
  );

const kinds = {
  dnsSrv: sourceFormat('dns-srv', dnsSrv, { print: withRefresh }),
  dnsA: sourceFormat('dns-a', dnsA, { print: withRefresh }),
  kubernetes: sourceFormat('kubernetes', kubernetes, {
    print: ({ clusters, ...rest }) => ({
      ...rest,
      ...(clusters && { clusters: clusters.map((cluster) => cluster.name) }),
    }),
  }),
  consul: sourceFormat('consul', consul, {
    placeFiles: (fields, place) => {
      const given = consulFiles.filter((name) => fields[name] !== undefined);
      const placed = Object.fromEntries(given.map((name) => [name, place(fields[name]!)]));
      return { ...fields, ...(placed as Partial<typeof fields>) };
    },
  }),
  static: sourceFormat('static', z.strictObject({ endpoints }).describe('Endpoints that never change')),
  file: sourceFormat(
    'file',
    z
      .strictObject({ path: file.describe('Absolute, or relative to the directory of this file') })
      .describe('A live file with endpoints'),
    { placeFiles: ({ path }, place) => ({ path: place(path) }) },
  ),
};
type Kinds = typeof kinds;
type Key = keyof Kinds;

/** Which endpoints a service has now, and who says so. */
export type Source = SingleSource | MergedSource;

export type SingleSource = {
  [K in Key]: { kind: Kinds[K]['kind'] } & z.output<Kinds[K]['form']>;
}[Key];

/** All endpoints of several sources together. */
export interface MergedSource {
  kind: 'merged';
  /** At least one; none of them is merged itself. */
  sources: readonly SingleSource[];
}

const forms = Object.fromEntries(
  Object.entries(kinds).map(([key, { form }]) => [key, z.exactOptional(form as z.ZodType<object>)]),
) as { [K in Key]: z.ZodExactOptional<Kinds[K]['form']> };

const single = oneOf(forms).transform(singleSource);

export const source = oneOf({
  ...forms,
  merge: z.exactOptional(z.array(single).min(1).max(16).describe('All endpoints of several sources')),
})
  .transform(({ merge, ...rest }): Source =>
    merge ? { kind: 'merged', sources: merge } : singleSource(rest),
  )
  .describe('Where the endpoints come from: exactly one of these');

/** @param given with exactly one of the keys */
function singleSource(given: Partial<Record<Key, object>>): SingleSource {
  const [key, fields] = Object.entries(given)[0] as [Key, object];
  return { kind: kinds[key].kind, ...fields } as SingleSource;
}

/** By the kind, with the key that stands in files. */
const formats = new Map<string, SourceFormat<string, z.ZodType<object>> & { key: string }>(
  Object.entries(kinds).map(([key, format]) => [format.kind, { key, ...(format as object) } as never]),
);

/** A source as a file says it. */
export function printSource(given: Source): object {
  if (given.kind === 'merged') return { merge: given.sources.map(printSource) };
  const { kind, ...fields } = given;
  const { key, print } = formats.get(kind)!;
  return { [key]: print(fields) };
}

/** With paths that count from elsewhere. */
export function placeSource<S extends Source>(given: S, place: (path: string) => string): S {
  if (given.kind === 'merged')
    return { ...given, sources: given.sources.map((inner) => placeSource(inner, place)) };
  const { kind, ...fields } = given;
  return { kind, ...formats.get(kind)!.placeFiles(fields, place) } as S;
}

export const locality = z
  .strictObject({ region: maybeText().prefault(''), zone: maybeText().prefault('') })
  .prefault({})
  .describe('Where endpoints are that do not say it themselves');
