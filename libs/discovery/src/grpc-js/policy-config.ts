import { hostname } from 'node:os';
import type {
  BalancingPolicy,
  OutcomeTable,
  OutlierOptions,
  SlowStartOptions,
  ZonePreference,
} from '@evenly/balancing';
import { z } from 'zod';
import { duration } from './duration.ts';
import { outcomeTable, outlierDetectionSchema, outlierOptions } from './outlier-detection.ts';

/** The policies, by the names that service configs use. */
export const policyNames = {
  evenly_round_robin: 'round-robin',
  evenly_weighted_round_robin: 'weighted-round-robin',
  evenly_least_request: 'least-request',
  evenly_peak_ewma: 'peak-ewma',
} as const;
export type PolicyName = keyof typeof policyNames;

const common = {
  zonePreference: z.enum(['none', 'weighted', 'failover', 'hints']).default('none'),
  connectionsPerAddress: z.int().min(1).max(16).default(1),
  subset: z
    .strictObject({
      size: z.int().min(1).max(10_000),
      clientIndex: z.int().min(0).optional(),
      clientId: z.string().min(1).max(253).optional(),
    })
    .optional(),
  panicThresholdPercent: z.number().min(0).max(100).default(50),
  outlierDetection: outlierDetectionSchema.optional(),
  slowStart: z
    .strictObject({
      window: duration,
      aggression: z.number().min(0.1).max(10).optional(),
      minFactor: z.number().min(0.01).max(1).optional(),
    })
    .optional(),
};
const choiceCount = z.int().min(2).max(10).default(2);
const schemas = {
  evenly_round_robin: z.strictObject(common),
  evenly_weighted_round_robin: z.strictObject(common),
  evenly_least_request: z.strictObject({ ...common, choiceCount }),
  evenly_peak_ewma: z.strictObject({ ...common, choiceCount, decay: duration.default(10_000) }),
};

/** What a policy does, its defaults filled in. */
export interface PolicySettings {
  policy: BalancingPolicy;
  zonePreference: ZonePreference;
  connectionsPerAddress: number;
  subset: { size: number; client: number | string } | undefined;
  slowStart: SlowStartOptions | undefined;
  /** 0 (never) to 1. */
  panicThreshold: number;
  outlier: OutlierOptions | undefined;
  /** Which answers are an endpoint's fault. */
  outcomes: OutcomeTable;
}

/**
 * A policy's part of a service config. One that is no good is kept with what is wrong: were it thrown, grpc-js would
 * silently take pick_first instead.
 */
export class PolicyConfig {
  readonly #name: PolicyName;
  readonly #json: unknown;
  readonly settings: PolicySettings | undefined;
  /** What is wrong with it. */
  readonly fault: string | undefined;

  constructor(name: PolicyName, json: unknown) {
    this.#name = name;
    this.#json = json;
    const result = schemas[name].safeParse(json ?? {});
    if (result.success) this.settings = settingsOf(name, result.data);
    else
      this.fault = result.error.issues
        .map(({ path, message }) => `${[name, ...path].map(String).join('.')}: ${message}`)
        .join('; ');
  }

  getLoadBalancerName(): string {
    return this.#name;
  }

  toJsonObject(): object {
    return { [this.#name]: this.#json };
  }

  /** Equal texts do the same. */
  get text(): string {
    return JSON.stringify(this.toJsonObject());
  }
}

function settingsOf(name: PolicyName, given: z.output<(typeof schemas)[PolicyName]>): PolicySettings {
  const { zonePreference, connectionsPerAddress, subset, slowStart, outlierDetection } = given;
  const choices = 'choiceCount' in given ? { choices: given.choiceCount } : {};
  const decay = 'decay' in given ? { decayMs: given.decay } : {};
  return {
    ...{ zonePreference, connectionsPerAddress },
    panicThreshold: given.panicThresholdPercent / 100,
    outlier: outlierDetection && outlierOptions(outlierDetection),
    outcomes: outcomeTable(outlierDetection?.failureCodes),
    policy: { name: policyNames[name], ...choices, ...decay },
    // A pod's host name is its own, and stays its own: the same client always takes the same part.
    subset: subset && { size: subset.size, client: subset.clientIndex ?? subset.clientId ?? hostname() },
    slowStart: slowStart && {
      windowMs: slowStart.window,
      ...(slowStart.aggression !== undefined && { aggression: slowStart.aggression }),
      ...(slowStart.minFactor !== undefined && { minFactor: slowStart.minFactor }),
    },
  };
}
