import type { Limits, Rate } from '@evenly/http2';
import { values } from '@evenly/service';

/** What can come in floods, by its name in options and in the limits of the engine. */
const kinds = {
  resets: 'resets',
  pings: 'pings',
  settings: 'settings',
  priorities: 'priorities',
  'empty-frames': 'emptyFrames',
  'window-updates': 'windowUpdates',
  'tiny-data': 'tinyData',
} as const satisfies Record<string, keyof Limits>;

type Kind = keyof typeof kinds;
export type FloodRates = Pick<Limits, (typeof kinds)[Kind]>;

/** So much at once, of what is allowed in a second. */
const burstSeconds = 10;

/**
 * What one client may do in a second. 1000 resets: a client that hedges, or whose deadlines pass, cancels hundreds of calls
 * in a second for as long as a service is slow, and the work that this makes is bounded by `--max-streams` and
 * `--cancel-hold`. What ends in order adds to it.
 */
const clientRates: Record<Kind, number> = {
  resets: 1000,
  pings: 100,
  settings: 10,
  priorities: 100,
  'empty-frames': 10,
  'window-updates': 1000,
  'tiny-data': 100,
};

/**
 * The same for an endpoint. They are ours, and gRPC servers send a WINDOW_UPDATE and a PING for many messages; but one that
 * has gone wrong must not keep the proxy busy. Resets are those of streams that are gone: an open one may always be reset.
 */
const endpointRates: Record<Kind, number> = {
  ...clientRates,
  resets: 100,
  pings: 1000,
  'empty-frames': 1000,
  'window-updates': 10_000,
};

const most = 10_000_000;
const example = 'resets=2000,pings=50';

/** `name=count,…`, counts a second; what is not named stays as it is by default. */
function ratesOption(who: string, defaults: Record<Kind, number>) {
  const described = Object.entries(defaults).map(([name, count]) => `${name}=${count}`);
  return {
    describe: `frames a second from one ${who} above which its connection ends, ten times as many at once; those not named stay: ${described.join(',')}`,
    schema: values
      .list()
      .refine((items) => items.every((item) => parse(item) !== undefined), {
        error: (issue) =>
          `expected such as ${example}, of ${Object.keys(kinds).join(', ')}, from 1 to ${most}, got ${JSON.stringify(String(issue.input))}`,
      })
      .transform((items) =>
        limitsOf({ ...defaults, ...Object.fromEntries(items.map((item) => parse(item)!)) }),
      ),
    default: '',
  };
}

export const floodOptions = {
  clientRates: ratesOption('client', clientRates),
  endpointRates: ratesOption('endpoint', endpointRates),
};

function parse(item: string): [Kind, number] | undefined {
  const [, name, count] = /^([a-z-]+)=(\d{1,8})$/.exec(item) ?? [];
  const value = Number(count);
  return name !== undefined && Object.hasOwn(kinds, name) && value >= 1 && value <= most
    ? [name as Kind, value]
    : undefined;
}

function limitsOf(counts: Record<Kind, number>): FloodRates {
  const limits: Partial<Record<(typeof kinds)[Kind], Rate>> = {};
  for (const [name, key] of Object.entries(kinds)) {
    const perSecond = counts[name as Kind];
    limits[key] = { burst: perSecond * burstSeconds, perSecond };
  }
  return limits as FloodRates;
}
