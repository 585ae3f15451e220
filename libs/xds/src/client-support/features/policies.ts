import type { Policy } from '@evenly/mesh-config';
import { policyDifferences } from '../../resources/load-balancing.ts';
import { all, approximated, impossible, ofPolicy, type Feature } from '../difference.ts';
import { foreign, grpc } from './clients.ts';

const whatItCounts = approximated('what the client counts by itself: xDS has no field for it');
const noSlowStart = impossible('new endpoints get their full share at once');

/** How clients choose among the endpoints of a service, and how many calls they let through. */
export const policyFeatures: readonly Feature[] = [
  ...policyDifferences.map(({ loadBalancing, clients }): Feature => {
    const field = `policy.loadBalancing: ${loadBalancing}`;
    return {
      title: `\`${field}\``,
      usedBy: ofPolicy(field, (policy) => policy.loadBalancing === loadBalancing),
      clients,
    };
  }),
  {
    title: '`policy.slowStart` with `round-robin`',
    usedBy: ofPolicy(
      'policy.slowStart',
      ({ slowStart, loadBalancing }) => slowStart !== undefined && loadBalancing === 'round-robin',
    ),
    clients: all(grpc, noSlowStart),
  },
  {
    title: '`policy.slowStart` with another `loadBalancing`',
    usedBy: ofPolicy(
      'policy.slowStart',
      ({ slowStart, loadBalancing }) => slowStart !== undefined && loadBalancing !== 'round-robin',
    ),
    clients: all(foreign, noSlowStart),
  },
  {
    title: '`policy.outlierDetection.consecutiveFailures`',
    usedBy: ofPolicy(
      'policy.outlierDetection.consecutiveFailures',
      ({ outlierDetection }) => (outlierDetection?.consecutiveFailures ?? 0) > 0,
    ),
    clients: all(grpc, impossible('only success rate and failure percentage are looked at (gRFC A50)')),
  },
  {
    title: '`policy.outlierDetection.failureCodes`',
    usedBy: ofPolicy(
      'policy.outlierDetection.failureCodes',
      ({ outlierDetection }) => outlierDetection?.failureCodes !== undefined,
    ),
    clients: all(foreign, whatItCounts),
  },
  {
    title: '`policy.outlierDetection.successRate` and `failurePercentage`',
    usedBy: ofPolicy('policy.outlierDetection', ejectsByShare),
    clients: all(
      grpc,
      approximated(
        'every status but OK counts as a failure, and so do calls that the caller itself cancels (gRFC A50)',
      ),
    ),
  },
  {
    title: '`policy.panicThresholdPercent`, where endpoints that are ejected can come to it',
    usedBy: ofPolicy('policy.panicThresholdPercent', canPanic),
    clients: all(
      grpc,
      impossible('the ejected stay out: only maxEjectionPercent keeps the others in (gRFC A50)'),
    ),
  },
  {
    title: '`policy.circuitBreaker`',
    usedBy: ofPolicy('policy.circuitBreaker', ({ circuitBreaker }) => circuitBreaker !== undefined),
    clients: {
      ...all(grpc, approximated('only maxRequests is heeded (gRFC A32)')),
      'grpc-js': approximated(
        'only maxRequests is heeded (gRFC A32), and calls that are begun in one go pass it',
      ),
    },
  },
  {
    title: '`policy.scheme: match-upstream`',
    usedBy: ofPolicy('policy.scheme', ({ scheme }) => scheme === 'match-upstream'),
    clients: all(foreign, impossible('the :scheme that the client chooses')),
  },
  {
    title: '`protocol: http1` of a service',
    usedBy: ({ services }) =>
      [...services.values()]
        .filter(({ protocol }) => protocol !== undefined)
        .map(({ name: service }) => ({ service, field: 'protocol' })),
    clients: all(grpc, impossible('calls fail: gRPC needs HTTP/2')),
  },
];

/** As far as gRPC clients do it. */
function ejectsByShare({ outlierDetection: has }: Policy): boolean {
  return (has?.successRate ?? has?.failurePercentage) !== undefined;
}

function canPanic(policy: Policy): boolean {
  const { outlierDetection, panicThresholdPercent } = policy;
  return ejectsByShare(policy) && 100 - outlierDetection!.maxEjectionPercent < panicThresholdPercent;
}
