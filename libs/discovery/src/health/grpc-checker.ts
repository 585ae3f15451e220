import {
  Client,
  credentials,
  Metadata,
  status,
  type ChannelCredentials,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthService,
  type HealthCheckResponse,
} from '@evenly/proto/grpc/health/v1/health';
import { addressesOf, endpointKey, type Endpoint } from '@evenly/endpoints';
import type { HealthChecker, HealthVerdict } from './checker.ts';
import { probeConnection, type ConnectionProbe } from './connection-probe.ts';
import { waitOwnTime } from './own-time.ts';

/**
 * Without the generated client: a program that serves health checks has the same file, and would load gRPC's client with it.
 */
const { path, requestSerialize, responseDeserialize } = HealthService.check;

/** Statuses that say "nobody answered" or "not now", not "I am not well". */
const kinds: Partial<Record<status, 'no-answer' | 'slow'>> = {
  [status.UNAVAILABLE]: 'no-answer',
  [status.CANCELLED]: 'no-answer',
  [status.DEADLINE_EXCEEDED]: 'slow',
  [status.RESOURCE_EXHAUSTED]: 'slow',
};

/** A process that lags waits for longer than it means to, but not without end. */
const longestWait = 10;

/** As in `node:tls`; absent authorities = those that the machine trusts. */
interface Pem {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

export interface HealthCheckTls {
  /** By SNI, and what the endpoint's certificate must be for. */
  serverName: string;
  /** Another object when they were renewed. */
  current: () => Pem;
}

export interface HealthCheckOptions {
  /** The service that is asked for, such as `echo.EchoServer`; empty = the server as a whole. */
  grpcService: string;
  /** What is asked for as `:authority`; absent = the name of `tls`, without it the address that is called. */
  authority?: string;
  /** Of the endpoint's address; absent = the endpoint's own. */
  port?: number;
  timeoutMs: number;
  /** Absent = plaintext. */
  tls?: HealthCheckTls;
}

/**
 * Asks by `grpc.health.v1.Health/Check`, over one connection an endpoint that is kept between checks.
 * Only SERVING counts: an endpoint without a health service (UNIMPLEMENTED) or that does not know the service
 * (NOT_FOUND) is not serving it.
 */
export function grpcHealthChecker(options: HealthCheckOptions): HealthChecker {
  const authority = options.authority ?? options.tls?.serverName;
  const clients = new Map<string, { client: Client; pem: Pem | undefined }>();

  const clientOf = (endpoint: Address): Client => {
    const key = endpointKey(endpoint);
    const pem = options.tls?.current();
    const known = clients.get(key);
    if (known !== undefined && known.pem === pem) return known.client;
    known?.client.close(); // new certificates take a new connection
    const client = new Client(target(endpoint, options.port), credentialsOf(pem), {
      ...channelOptions,
      ...(authority === undefined ? {} : { 'grpc.default_authority': authority }),
      ...(options.tls === undefined ? {} : { 'grpc.ssl_target_name_override': options.tls.serverName }),
    });
    clients.set(key, { client, pem });
    return client;
  };

  const checkAddress = (endpoint: Address) =>
    new Promise<HealthVerdict>((resolve) => {
      let probe: ConnectionProbe | undefined;
      const end = (verdict: HealthVerdict) => {
        cancelWait();
        probe?.close();
        resolve(verdict);
      };
      const call = clientOf(endpoint).makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { service: options.grpcService },
        new Metadata(),
        { deadline: Date.now() + options.timeoutMs * longestWait },
        (error, response) => end(error ? verdictOfError(error) : verdictOf(response)),
      );
      const cancelWait = waitOwnTime(options.timeoutMs, {
        onHalf: () => (probe = probeConnection(endpoint.address, options.port ?? endpoint.port)),
        onEnd: () => {
          end(verdictOfSilence(options.timeoutMs, probe?.isConnected ?? false));
          call.cancel();
        },
      });
    });

  /** At the next of its addresses where nobody answers, as calls do. */
  const check = async (endpoint: Endpoint): Promise<HealthVerdict> => {
    const [first, ...others] = allOf(endpoint);
    let verdict = await checkAddress(first!);
    for (const other of others) {
      if (verdict.kind !== 'no-answer') break;
      verdict = await checkAddress(other);
    }
    return verdict;
  };

  return {
    check,
    retain: (endpoints) => {
      const keys = new Set(endpoints.flatMap(allOf).map(endpointKey));
      for (const [key, { client }] of clients) {
        if (keys.has(key)) continue;
        client.close();
        clients.delete(key);
      }
    },
    close: () => {
      for (const { client } of clients.values()) client.close();
      clients.clear();
    },
  };
}

type Address = Pick<Endpoint, 'address' | 'port'>;

const allOf = (endpoint: Endpoint): Address[] =>
  addressesOf(endpoint).map((address) => ({ address, port: endpoint.port }));

function credentialsOf(pem: Pem | undefined): ChannelCredentials {
  if (pem === undefined) return credentials.createInsecure();
  return credentials.createSsl(pem.ca ?? null, pem.key ?? null, pem.cert ?? null);
}

const channelOptions = {
  // A pod that came back at an address must be seen at the next check, not after gRPC's back-off of up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // Each checker has its own connections, so that closing it closes them.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** The resolvers for literal addresses: a DNS look-up of an IP address would be a detour. */
function target({ address, port }: Address, otherPort = port): string {
  return `${address.includes(':') ? 'ipv6' : 'ipv4'}:${endpointKey({ address, port: otherPort })}`;
}

function verdictOf(response: HealthCheckResponse | undefined): HealthVerdict {
  const given = response?.status;
  if (given === ServingStatus.SERVING) return { kind: 'serving' };
  const name = Object.entries(ServingStatus).find(([, value]) => value === given)?.[0];
  return { kind: 'not-serving', reason: name ?? `status ${given}` };
}

function verdictOfError(error: ServiceError): HealthVerdict {
  const reason = `${status[error.code]}: ${error.details}`;
  return { kind: kinds[error.code] ?? 'not-serving', reason };
}

function verdictOfSilence(timeoutMs: number, isConnected: boolean): HealthVerdict {
  const reason = `no answer within ${timeoutMs} ms`;
  return isConnected
    ? { kind: 'slow', reason: `${reason}, but it takes connections` }
    : { kind: 'no-answer', reason: `${reason}, nor to a connection` };
}
