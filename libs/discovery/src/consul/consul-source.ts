import { setTimeout as delay } from 'node:timers/promises';
import {
  asDiscoveryError,
  Backoff,
  DiscoveryError,
  endpointSet,
  Updates,
  type BackoffOptions,
  type EndpointSource,
} from '@evenly/endpoints';
import type { SourceKind, Surroundings } from '../source-kind.ts';
import { badTarget, type Uri } from '../target.ts';
import { forbidden, queryHealth, type Health, type HealthQueryOptions } from './health-query.ts';

export interface ConsulSourceOptions extends HealthQueryOptions {
  /** Waits after failures: at first up to 200 ms, at most 30 s. */
  backoff?: BackoffOptions;
  /** The shortest time from one request to the next, however often the index changes; default 1 s. */
  minIntervalMs?: number;
  /** Something is left out of the set, or looks like a mistake, but is no error. Said once, until it is another text. */
  onWarning?: ((message: string) => void) | undefined;
}

/**
 * Endpoints of a service from Consul's HTTP API, by blocking queries: each is answered when something may have changed.
 * A service that nobody has registered is an empty set: Consul says the same of one without instances.
 * @throws DiscoveryError BAD_CONFIG
 */
export function consulSource(options: ConsulSourceOptions): EndpointSource {
  const { service, datacenter, tags = [], server, unref = false, minIntervalMs = 1000 } = options;
  if (['', '.', '..'].includes(service))
    throw badConfig(`${JSON.stringify(service)} is no name of a service`);
  if (!/^https?:\/\/[^/]/.test(server) || !URL.canParse(server))
    throw badConfig(
      `the agent's address must be such as http://127.0.0.1:8500, got ${JSON.stringify(server)}`,
    );
  const details = [
    ...(datacenter === undefined ? [] : [`datacenter ${datacenter}`]),
    ...tags.map((tag) => `tag ${tag}`),
  ];
  const name = [service, ...details].join(', ');

  return {
    description: `consul ${name}`,
    watch: (listener) => {
      const stopped = new AbortController();
      const { signal } = stopped;
      const backoff = new Backoff(options.backoff);
      const tell = teller(name, new Updates(listener), options);
      const pause = (ms: number) => delay(ms, undefined, { signal, ref: !unref }).catch(() => undefined);
      const run = async () => {
        let index = 0;
        while (!signal.aborted) {
          const startedMs = performance.now();
          const floorMs = () => startedMs + minIntervalMs - performance.now();
          try {
            const health = await queryHealth(options, index, signal);
            if (signal.aborted) return;
            tell.health(health);
            index = nextIndex(index, health.index);
            backoff.reset();
            await pause(floorMs());
          } catch (thrown) {
            if (signal.aborted) return;
            // A wait may be cut off by anything in between. What counts is whether a question without one is answered;
            // that also tells at once that all is well again, and what comes then may count from elsewhere.
            if (index === 0) tell.error(asDiscoveryError(thrown));
            await pause(index === 0 ? backoff.next() : floorMs());
            index = 0;
          }
        }
      };
      void run();
      return () => stopped.abort();
    },
  };
}

/**
 * An index that went backwards is of servers that were set up anew: what we wait for may never come. 0 would not wait at
 * all, and is given by some versions for what does not exist yet; 1 always waits, or has something to tell.
 */
const nextIndex = (asked: number, got: number) => (got < asked ? 0 : Math.max(1, got));

/** Says each trouble once, until it is another or over. */
function teller(name: string, updates: Updates, { service, onWarning }: ConsulSourceOptions) {
  let saidError: string | undefined;
  let saidUnusable: string | undefined;
  let warned: string | undefined;
  return {
    /** @throws DiscoveryError FORBIDDEN: nothing that the token may see is not the same as nothing */
    health: ({ endpoints, unusable, isFiltered }: Health) => {
      const found = endpoints.length + unusable.length;
      if (found === 0 && isFiltered)
        throw forbidden(service, `Consul leaves out all instances of service ${service}`);
      const warning = warningOf(name, endpoints.length, unusable, isFiltered);
      if (warning !== undefined && warning !== warned) onWarning?.(warning);
      warned = warning;
      if (endpoints.length > 0 || unusable.length === 0) updates.endpoints(endpointSet(endpoints));
      updates.ok('consul');
      saidError = undefined;
      const message = endpoints.length > 0 ? undefined : unusableMessage(name, unusable);
      if (message === undefined) updates.ok('instances');
      else if (message !== saidUnusable) updates.error('instances', new DiscoveryError('NO_PORT', message));
      saidUnusable = message;
    },
    error: (error: DiscoveryError) => {
      if (error.message !== saidError) updates.error('consul', error);
      saidError = error.message;
    },
  };
}

function warningOf(
  name: string,
  usable: number,
  unusable: string[],
  isFiltered: boolean,
): string | undefined {
  if (isFiltered) return `the token may not read all instances of service ${name}: the others are left out`;
  if (usable > 0) return unusableMessage(name, unusable);
  return unusable.length > 0 ? undefined : `there is no instance of service ${name}: does the service exist?`;
}

function unusableMessage(name: string, unusable: string[]): string | undefined {
  if (unusable.length === 0) return undefined;
  const which = unusable.slice(0, 3).join(', ');
  const more = unusable.length > 3 ? ` and ${unusable.length - 3} more` : '';
  return `service ${name}: instances without a port or an IP address: ${which}${more}`;
}

const badConfig = (message: string) => new DiscoveryError('BAD_CONFIG', message);

/** What a config says of a source, see `consul` in docs/mesh-config.md. */
type ConsulFields = Omit<HealthQueryOptions, 'server' | 'token' | 'serverName'> & { address?: string };

/** What is not said is found as `consul` finds it, in the variables that its documentation names. */
function optionsOf(
  { address, ...fields }: ConsulFields,
  { env, onWarning }: Surroundings,
): ConsulSourceOptions {
  const given = address ?? (env.CONSUL_HTTP_ADDR || '127.0.0.1:8500');
  const scheme = env.CONSUL_HTTP_SSL === 'true' || env.CONSUL_HTTP_SSL === '1' ? 'https' : 'http';
  const named = Object.entries({
    tokenFile: env.CONSUL_HTTP_TOKEN_FILE,
    token: env.CONSUL_HTTP_TOKEN,
    ca: env.CONSUL_CACERT,
    cert: env.CONSUL_CLIENT_CERT,
    key: env.CONSUL_CLIENT_KEY,
    serverName: env.CONSUL_TLS_SERVER_NAME,
  }).filter(([, value]) => value);
  const server = given.includes('://') ? given : `${scheme}://${given}`;
  return { ...Object.fromEntries(named), ...fields, server, onWarning };
}

/** `consul:///be1-srv`, `consul://127.0.0.1:8500/be1-srv?dc=dc2&tag=v1&passing&stale`, as the API has these words. */
function fieldsOf(uri: Uri): ConsulFields {
  const { authority, path } = uri;
  const [service = '', search = ''] = path.split('?', 2);
  const words = new URLSearchParams(search);
  const unknown = [...words.keys()].find(
    (key) => !['dc', 'tag', 'passing', 'stale', 'consistent'].includes(key),
  );
  if (unknown !== undefined || service === '' || service.includes('/'))
    throw badTarget(
      uri,
      'consul:///service or consul://agent:8500/service, with ?dc=, tag=, passing, stale, consistent',
    );
  const consistency = (['stale', 'consistent'] as const).find((key) => words.has(key));
  return {
    service,
    ...(authority && { address: authority }),
    ...(words.has('dc') && { datacenter: words.get('dc')! }),
    tags: words.getAll('tag'),
    onlyPassing: words.has('passing'),
    ...(consistency && { consistency }),
  };
}

export const consulKind: SourceKind<ConsulFields> = {
  make: (fields, surroundings) => consulSource(optionsOf(fields, surroundings)),
  schemes: [
    {
      name: 'consul',
      source: (uri, surroundings) => consulSource({ ...optionsOf(fieldsOf(uri), surroundings), unref: true }),
      authority: (uri) => uri.path.split('?', 1)[0]!,
    },
  ],
};
