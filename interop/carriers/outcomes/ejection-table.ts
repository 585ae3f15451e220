import type { OutlierDetection } from './service.ts';
import type { Row } from './table.ts';

/** Ejections last longer than the test. In every row but one, somebody is ejected by each way that a carrier has. */
const long = { interval: '1s', baseEjectionTime: '1h', maxEjectionTime: '1h' } as const;
/** Of one host too: on a slow machine, all outliers but one may be ejected in one interval, and that one in the next. */
const failurePercentage = { thresholdPercent: 60, minimumHosts: 1, requestVolume: 5 };
const both: OutlierDetection = {
  ...long,
  maxEjectionPercent: 100,
  consecutiveFailures: 5,
  failurePercentage,
};
const panicThresholdPercent = 0;
/** More calls than fail in a row: for nobody else they are a large share, and a slow machine needs time for them. */
const manyCalls = { interval: '3s', failurePercentage: { ...failurePercentage, requestVolume: 20 } } as const;

export const ejectionTable: readonly Row[] = [
  {
    name: 'calls that fail in a row, and a share of them that is small',
    endpoints: ['ok1', 'ok2', 'unavailable', 'inRow'],
    policy: {
      panicThresholdPercent,
      outlierDetection: { ...both, ...manyCalls },
    },
  },
  {
    name: 'the failure percentage alone',
    endpoints: ['ok1', 'ok2', 'unavailable', 'inRow'],
    policy: {
      panicThresholdPercent,
      outlierDetection: {
        ...both,
        ...manyCalls,
        consecutiveFailures: 0,
      },
    },
  },
  {
    name: 'the success rate alone',
    endpoints: ['ok1', 'ok2', 'ok3', 'unavailable'],
    policy: {
      panicThresholdPercent,
      outlierDetection: {
        ...long,
        maxEjectionPercent: 100,
        consecutiveFailures: 0,
        successRate: { stdevFactor: 1, minimumHosts: 4, requestVolume: 5 },
      },
    },
  },
  {
    name: 'statuses that are failures, and those that are answers',
    endpoints: ['ok1', 'unavailable', 'internal', 'deadline', 'notFound', 'exhausted', 'cancelled'],
    policy: { panicThresholdPercent, outlierDetection: both },
  },
  {
    name: 'other statuses that are failures',
    endpoints: ['ok1', 'ok2', 'unavailable', 'notFound'],
    policy: { panicThresholdPercent, outlierDetection: { ...both, failureCodes: ['NOT_FOUND'] } },
  },
  {
    name: 'calls that the caller cancels',
    endpoints: ['ok1', 'ok2', 'unavailable', 'holding'],
    policy: { panicThresholdPercent, outlierDetection: both },
  },
  {
    name: 'one may always be ejected, and no more than the percentage',
    endpoints: ['ok1', 'unavailable', 'internal'],
    policy: { panicThresholdPercent, outlierDetection: { ...both, maxEjectionPercent: 10 } },
  },
  {
    name: 'too few are left',
    endpoints: ['ok1', 'unavailable', 'internal'],
    policy: { panicThresholdPercent: 50, outlierDetection: both },
  },
  {
    name: 'few are left, and no panic',
    endpoints: ['ok1', 'unavailable', 'internal'],
    policy: { panicThresholdPercent, outlierDetection: both },
  },
];
