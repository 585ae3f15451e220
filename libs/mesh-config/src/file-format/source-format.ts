import { isIP } from 'node:net';
import { z } from 'zod';
import type { Source, StaticEndpoint } from '../source.ts';
import { dnsLabel, duration, ip, maybeText, oneOf, port, text, unique, whole } from './values.ts';

/** The form of `source:` in files. */

const refresh = duration(10, 3_600_000).prefault('10s').describe('The longest time between two look-ups');

const dnsSrv = z
  .strictObject({
    name: text().describe('Such as _grpc._tcp.be1-srv.default.svc.cluster.local'),
    refresh,
  })
  .describe('SRV records: addresses, ports, priorities and weights');

const dnsA = z
  .strictObject({ name: text(), port, refresh })
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
  })
  .describe('The EndpointSlices of a Kubernetes Service');

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
const endpointText = z.string().transform((value, context): StaticEndpoint => {
  const [, inBrackets, plain, portText] = /^(?:\[(.*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? [];
  const address = inBrackets ?? plain ?? '';
  const family = inBrackets === undefined ? 4 : 6;
  const number = Number(portText);
  if (isIP(address) === family && number >= 1 && number <= 65_535) return { address, port: number };
  context.addIssue('must be an IP address and a port, such as 10.0.0.1:50051 or [fd00::1]:50051');
  return z.NEVER;
});

const endpoints = z
  .array(z.union([endpointText, endpointObject]))
  .max(10_000)
  .superRefine(
    unique(({ address, port: number }) =>
      isIP(address) === 6 ? `[${address}]:${number}` : `${address}:${number}`,
    ),
  );

const simple = {
  dnsSrv: z.exactOptional(dnsSrv),
  dnsA: z.exactOptional(dnsA),
  kubernetes: z.exactOptional(kubernetes),
  static: z.exactOptional(z.strictObject({ endpoints }).describe('Endpoints that never change')),
  file: z.exactOptional(
    z
      .strictObject({ path: text(4096).describe('Absolute, or relative to the directory of this file') })
      .describe('A live file with endpoints'),
  ),
};

const single = oneOf(simple).transform(singleSource);

export const source = oneOf({
  ...simple,
  merge: z.exactOptional(z.array(single).min(1).max(16).describe('All endpoints of several sources')),
})
  .transform(({ merge, ...rest }): Source =>
    merge ? { kind: 'merged', sources: merge } : singleSource(rest),
  )
  .describe('Where the endpoints come from: exactly one of these');

function singleSource(file: z.output<z.ZodObject<typeof simple>>): Exclude<Source, { kind: 'merged' }> {
  if (file.dnsSrv) {
    const { name, refresh: refreshMs } = file.dnsSrv;
    return { kind: 'dns-srv', name, refreshMs };
  }
  if (file.dnsA) {
    const { name, port: number, refresh: refreshMs } = file.dnsA;
    return { kind: 'dns-a', name, port: number, refreshMs };
  }
  if (file.kubernetes) return { kind: 'kubernetes', ...file.kubernetes };
  if (file.static) return { kind: 'static', ...file.static };
  return { kind: 'file', path: file.file!.path };
}

export const locality = z
  .strictObject({ region: maybeText().prefault(''), zone: maybeText().prefault('') })
  .prefault({})
  .describe('Where endpoints are that do not say it themselves');
