import { hostname } from 'node:os';
import {
  policyTraits,
  type BalancingPolicy,
  type BalancingPolicyName,
  type OutcomeTable,
  type OutlierOptions,
  type SlowStartOptions,
  type ZonePreference,
} from '@evenly/balancing';
import * as z from 'zod';
import { explainIssues } from '@evenly/endpoints/faults';
import { duration } from './duration.ts';
import { outcomeTable, outlierDetectionSchema, outlierOptions } from './outlier-detection.ts';

export type PolicyName = `evenly_${string}`;

/** The policies by the names that service configs use. Those that stick to a host need a hash of each call, which there is none of. */
export const policyNames: ReadonlyMap<PolicyName, BalancingPolicyName> = new Map(
  (Object.keys(policyTraits) as BalancingPolicyName[])
    .filter((name) => !policyTraits[name].sticky)
    .map((name) => [`evenly_${name.replaceAll('-', '_')}`, name]),
);

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
/** Of some policies, by the names that `@evenly/balancing` has for them. */
const ownOptions = {
  choices: { choiceCount: z.int().min(2).max(10).default(2) },
  decayMs: { decay: duration.default(10_000) },
};

type Given = z.output<z.ZodObject<typeof common>> & { choiceCount?: number; decay?: number };

const schemas = new Map(
  [...policyNames].map(([name, policy]) => {
    const own = policyTraits[policy].options.map((option) => ownOptions[option]);
    return [name, z.strictObject({ ...common, ...Object.assign({}, ...own) }) as unknown as z.ZodType<Given>];
  }),
);

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
    const schema = schemas.get(name)!;
    const value = json ?? {};
    const result = schema.safeParse(value);
    if (result.success) this.settings = settingsOf(name, result.data);
    else
      this.fault = explainIssues(result.error.issues, { value, schema })
        .map(({ path, reason }) => `${[name, ...path].join('.')}: ${reason}`)
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

function settingsOf(name: PolicyName, given: Given): PolicySettings {
  const { zonePreference, connectionsPerAddress, subset, slowStart, outlierDetection } = given;
  const choices = given.choiceCount === undefined ? {} : { choices: given.choiceCount };
  const decay = given.decay === undefined ? {} : { decayMs: given.decay };
  return {
    ...{ zonePreference, connectionsPerAddress },
    panicThreshold: given.panicThresholdPercent / 100,
    outlier: outlierDetection && outlierOptions(outlierDetection),
    outcomes: outcomeTable(outlierDetection?.failureCodes),
    policy: { name: policyNames.get(name)!, ...choices, ...decay },
    // A pod's host name is its own, and stays its own: the same client always takes the same part.
    subset: subset && { size: subset.size, client: subset.clientIndex ?? subset.clientId ?? hostname() },
    slowStart: slowStart && {
      windowMs: slowStart.window,
      ...(slowStart.aggression !== undefined && { aggression: slowStart.aggression }),
      ...(slowStart.minFactor !== undefined && { minFactor: slowStart.minFactor }),
    },
  };
}
