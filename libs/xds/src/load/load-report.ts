import type { ClusterStats } from '@evenly/proto/envoy/config/endpoint/v3/load_report';
import { cut } from '../cut.ts';
import { XdsError } from '../errors.ts';
import type { LoadLimits } from './load-limits.ts';

/** What went to one cluster in one locality. */
export interface Load {
  cluster: string;
  region: string;
  zone: string;
  subZone: string;
  /** Calls: begun, ended well, ended with an error of the endpoint. */
  issued: number;
  succeeded: number;
  failed: number;
  /** Calls that were dropped before an endpoint was picked, so they are in no locality (all three names are empty). */
  dropped: number;
  /** Calls that are under way now; the only one that is no sum. */
  inProgress: number;
}

/** Longer names are cut: they are kept, and shown on pages. */
const maxText = 256;

/**
 * Reads a report: what happened since the one before.
 * @throws XdsError REPORT_TOO_LARGE
 */
export function readReport(clusters: readonly ClusterStats[], limits: LoadLimits): Load[] {
  check(clusters.length, limits.clustersPerReport, 'clusters');
  return clusters.flatMap((stats) => {
    check(stats.upstreamLocalityStats.length, limits.localitiesPerCluster, 'localities of a cluster');
    const cluster = cut(stats.clusterName, maxText);
    const loads = stats.upstreamLocalityStats.map((each) => ({
      ...emptyLoad(cluster, each.locality),
      issued: count(each.totalIssuedRequests),
      succeeded: count(each.totalSuccessfulRequests),
      failed: count(each.totalErrorRequests),
      inProgress: count(each.totalRequestsInProgress),
    }));
    const dropped = count(stats.totalDroppedRequests);
    return dropped > 0 ? [...loads, { ...emptyLoad(cluster), dropped }] : loads;
  });
}

export function emptyLoad(cluster: string, at?: { region: string; zone: string; subZone: string }): Load {
  const [region = '', zone = '', subZone = ''] = [at?.region, at?.zone, at?.subZone].map((name) =>
    cut(name ?? '', maxText),
  );
  return { cluster, region, zone, subZone, issued: 0, succeeded: 0, failed: 0, dropped: 0, inProgress: 0 };
}

function check(got: number, limit: number, what: string): void {
  if (got <= limit) return;
  throw new XdsError('REPORT_TOO_LARGE', `a load report with ${got} ${what}; at most ${limit} are taken`);
}

/** Calls of one interval. A client that claims more is wrong, and must not spoil the sums for the others. */
const maxCount = 1_000_000_000_000;

const count = (value: bigint): number => (value > maxCount ? 0 : Number(value));
