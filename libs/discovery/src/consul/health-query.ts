import { isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import * as z from 'zod';
import { DiscoveryError, type Endpoint } from '@evenly/endpoints';
import { explainIssues } from '@evenly/endpoints/faults';
import {
  Deadline,
  parseJson,
  readCredential,
  requestJson,
  textOf,
  unreachable,
  type JsonServer,
} from '@evenly/endpoints/http';

/** Which instances are asked for, and whom. */
export interface HealthQueryOptions {
  service: string;
  /** The agent's URL, such as `http://127.0.0.1:8500`. */
  server: string;
  /** Absent: the agent's own. */
  datacenter?: string;
  /** Only instances that have all of them. */
  tags?: readonly string[];
  /** Instances with a check in state `warning` get no calls either. */
  onlyPassing?: boolean;
  /** `stale`: any server answers, without a leader too. `consistent`: the leader asks the others whether it is one. */
  consistency?: 'default' | 'stale' | 'consistent';
  /** Read for each request, for it may be renewed. */
  tokenFile?: string;
  /** Where there is no file. */
  token?: string;
  /** Files (PEM), read for each request. */
  ca?: string;
  cert?: string;
  key?: string;
  /** That the agent's certificate must be for; absent: the URL's host. */
  serverName?: string;
  /** How long an answer may take, beyond what the agent is asked to wait; default 10 s. */
  requestTimeoutMs?: number;
  /** The longest time for which the agent is asked to wait for a change; default 50 s. */
  waitMs?: number;
  /** Connections do not keep the process alive. */
  unref?: boolean;
}

export interface Health {
  index: number;
  endpoints: Endpoint[];
  /** Instances that nobody can call: no port, or a name for an address. */
  unusable: string[];
  /** There may be more than the token is told of. */
  isFiltered: boolean;
}

/** Load balancers in between often end what is silent for 60 s. */
const defaultWaitMs = 50_000;
const maxBytes = 64 * 1024 * 1024;
const maxInstances = 20_000;
/** As SRV records have it; Consul itself has no limit. */
const maxWeight = 65_535;

const locality = z.object({ Region: z.string().nullish(), Zone: z.string().nullish() }).nullish();
const weight = z.int().min(0);
const instance = z.object({
  Node: z.object({
    Node: z.string(),
    Address: z.string(),
    Meta: z.record(z.string(), z.string()).nullish(),
    Locality: locality,
  }),
  Service: z.object({
    ID: z.string(),
    Address: z.string().nullish(),
    Port: z.int().min(0).max(65_535),
    Weights: z.object({ Passing: weight, Warning: weight }).nullish(),
    Locality: locality,
  }),
  Checks: z.array(z.object({ Status: z.string() })).nullish(),
});
const instances = z.array(instance);
type Instance = z.output<typeof instance>;

/**
 * Asks an agent for the instances of a service and their health.
 * @param index of the answer before: the agent answers when there is a newer one, or the wait is over. 0: at once
 * @throws DiscoveryError
 */
export async function queryHealth(
  options: HealthQueryOptions,
  index: number,
  signal: AbortSignal,
): Promise<Health> {
  const { server, service, requestTimeoutMs = 10_000, waitMs = defaultWaitMs, unref = false } = options;
  // An agent adds a sixteenth by chance, so that those who wait do not all come back at the same moment.
  const longestMs = requestTimeoutMs + (index === 0 ? 0 : waitMs * (1 + 1 / 16));
  const deadline = new Deadline(signal, longestMs, unref);
  const url = new URL(`/v1/health/service/${encodeURIComponent(service)}`, server);
  url.search = searchOf(options, index, waitMs).toString();
  const consul: JsonServer = {
    who,
    userAgent: 'evenly',
    refusal: (status, body) => refusal(status, body, service),
  };
  try {
    const token = await tokenOf(options);
    const from = { signal: deadline.signal, unref };
    const response = await requestJson(url, await requestOptions(options, token), consul, from);
    const found = readInstances(parseJson(await textOf(response, maxBytes, who), who), service);
    const { headers } = response;
    if (found.length === 0 && headers['x-consul-knownleader'] === 'false')
      throw new DiscoveryError(
        'UNREACHABLE',
        `${who} ${server} knows no leader, and no instance of ${service}`,
      );
    return {
      index: readIndex(headers['x-consul-index']),
      ...endpointsOf(found, options.onlyPassing ?? false),
      isFiltered: isFiltered(headers, token, found.length),
    };
  } catch (error) {
    if (error instanceof DiscoveryError) throw error;
    throw unreachable(`${who} ${server}`, error, deadline);
  } finally {
    deadline.clear();
  }
}

const who = 'Consul';

function searchOf(
  { datacenter, tags = [], consistency = 'default' }: HealthQueryOptions,
  index: number,
  waitMs: number,
): URLSearchParams {
  const search = new URLSearchParams();
  if (index > 0) search.set('index', `${index}`);
  if (index > 0) search.set('wait', `${waitMs}ms`);
  if (datacenter !== undefined) search.set('dc', datacenter);
  for (const tag of tags) search.append('tag', tag);
  if (consistency !== 'default') search.set(consistency, '');
  return search;
}

/** A file without one would make us anonymous, who is told of no instance where there are many. */
async function tokenOf({ tokenFile, token }: HealthQueryOptions): Promise<string | undefined> {
  if (tokenFile === undefined) return token;
  const read = (await readCredential(tokenFile)).trim();
  if (read === '') throw new DiscoveryError('BAD_CONFIG', `${tokenFile} has no token`);
  return read;
}

/** Consul says when it has left something out, but not to those without a token. */
function isFiltered(headers: IncomingHttpHeaders, token: string | undefined, found: number): boolean {
  if (headers['x-consul-results-filtered-by-acls'] === 'true') return true;
  return !token && found === 0 && headers['x-consul-default-acl-policy'] === 'deny';
}

async function requestOptions(
  options: HealthQueryOptions,
  token: string | undefined,
): Promise<RequestOptions> {
  const { ca, cert, key, serverName } = options;
  return {
    agent: false, // a connection for each request: one a minute while nothing changes
    ...(token && { headers: { 'x-consul-token': token } }),
    ...(ca !== undefined && { ca: await readCredential(ca) }),
    ...(cert !== undefined && { cert: await readCredential(cert) }),
    ...(key !== undefined && { key: await readCredential(key) }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

function refusal(status: number, body: string, service: string): DiscoveryError {
  const said = `${who} answers ${status} for service ${service}: ${JSON.stringify(body.trim().slice(0, 200))}`;
  if (status === 401 || (status === 403 && body.includes('ACL not found')))
    return new DiscoveryError('UNAUTHORIZED', `${said}; it does not know the token`);
  if (status === 403) return forbidden(service, said);
  if (status === 404) return new DiscoveryError('INVALID', `${said}; is it an agent's HTTP API?`);
  return new DiscoveryError('UNREACHABLE', said);
}

/** Names the rules that are missing. */
export const forbidden = (service: string, said: string): DiscoveryError =>
  new DiscoveryError(
    'FORBIDDEN',
    `${said}; the token needs a policy with service "${service}" { policy = "read" } and node_prefix "" { policy = "read" }`,
  );

/** @throws DiscoveryError INVALID for what cannot be waited on: something in between keeps the header, or it is no Consul */
function readIndex(header: string | string[] | undefined): number {
  const index = Number(header);
  if (typeof header === 'string' && /^\d+$/.test(header) && Number.isSafeInteger(index)) return index;
  const got =
    header === undefined ? 'without X-Consul-Index' : `with X-Consul-Index ${JSON.stringify(header)}`;
  throw new DiscoveryError('INVALID', `${who} answers ${got}`);
}

function readInstances(response: unknown, service: string): Instance[] {
  if (Array.isArray(response) && response.length > maxInstances) {
    const message = `service ${service} has ${response.length} instances; at most ${maxInstances} are used`;
    throw new DiscoveryError('TOO_MANY', message);
  }
  const read = instances.safeParse(response);
  if (read.success) return read.data;
  const [fault] = explainIssues(read.error.issues, { value: response, schema: instances });
  throw new DiscoveryError(
    'INVALID',
    `${who} sent what is no list of instances: ${fault?.path.join('.')}: ${fault?.reason}`,
  );
}

function endpointsOf(instances: Instance[], onlyPassing: boolean): Pick<Health, 'endpoints' | 'unusable'> {
  const unusable: string[] = [];
  const endpoints = instances.flatMap((each) => {
    const address = each.Service.Address || each.Node.Address;
    if (each.Service.Port > 0 && isIP(address) !== 0) return [toEndpoint(each, address, onlyPassing)];
    unusable.push(`${each.Service.ID} (${address}:${each.Service.Port})`);
    return [];
  });
  // Of two registrations of one address the better counts, and always the same.
  const rank = ({ state, weight: share = 1 }: Endpoint) => (state === 'ready' ? share : 0);
  const byName = (a: Endpoint, b: Endpoint) => (a.hostname! < b.hostname! ? -1 : 1);
  return { endpoints: endpoints.sort((a, b) => rank(b) - rank(a) || byName(a, b)), unusable };
}

/** As Consul's own DNS and its Envoys have it: an instance is as well as its worst check, and of weight 0 it gets no calls. */
function toEndpoint({ Node, Service, Checks }: Instance, address: string, onlyPassing: boolean): Endpoint {
  const states = new Set(Checks?.map(({ Status }) => Status));
  const isWarning = states.delete('warning');
  states.delete('passing');
  const share = Math.min((isWarning ? Service.Weights?.Warning : Service.Weights?.Passing) ?? 1, maxWeight);
  // What is left is critical, which maintenance is too, or a state that we do not know.
  const isReady = states.size === 0 && !(isWarning && onlyPassing) && share > 0;
  const region = Service.Locality?.Region || Node.Locality?.Region || Node.Meta?.region;
  const zone = Service.Locality?.Zone || Node.Locality?.Zone || Node.Meta?.zone;
  return {
    address,
    port: Service.Port,
    hostname: Node.Node,
    ...(region && { region }),
    ...(zone && { zone }),
    ...(share > 1 && { weight: share }),
    state: isReady ? 'ready' : 'not-ready',
  };
}
