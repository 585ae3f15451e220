import type { HealthReport } from '@evenly/discovery';
import { endpointKey, SaidOnce } from '@evenly/endpoints';

/** Endpoints that a line names; of a whole service that fails, one shows it. */
const maxNamed = 10;

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/**
 * Says in the log which endpoints begin to fail their health checks, and why, and which are well again: once a change,
 * one line for all of a round. One that goes to and fro is said once, until it has been quiet for a while.
 */
export function healthChanges(log: Log, service: string): (report: HealthReport) => void {
  const failing = new Set<string>();
  const said = new SaidOnce();
  return (report) => {
    const fallen = report.filter(({ endpoint, healthy }) => !healthy && !failing.has(endpointKey(endpoint)));
    const well = report.filter(({ endpoint, healthy }) => healthy && failing.has(endpointKey(endpoint)));
    const known = new Set(report.map(({ endpoint }) => endpointKey(endpoint)));
    for (const key of failing) if (!known.has(key)) failing.delete(key);
    for (const { endpoint } of fallen) failing.add(endpointKey(endpoint));
    for (const { endpoint } of well) failing.delete(endpointKey(endpoint));

    const fresh = fallen.filter((row) => said.isNew(reasonOf(row), endpointKey(row.endpoint)));
    if (fresh.length > 0) {
      const kept = report.filter(({ isKept }) => isKept).length;
      const endpoints = fresh.slice(0, maxNamed).map(({ endpoint }) => endpointKey(endpoint));
      const fields = {
        service,
        endpoints,
        count: fresh.length,
        of: report.length,
        reason: reasonOf(fresh[0]!),
        ...(kept > 0 && { kept }),
      };
      log.warn(fields, 'endpoints fail their health check');
    }
    const recovered = well.filter(({ endpoint }) => said.isNew('healthy', endpointKey(endpoint)));
    if (recovered.length > 0) {
      const endpoints = recovered.slice(0, maxNamed).map(({ endpoint }) => endpointKey(endpoint));
      log.info(
        { service, endpoints, count: recovered.length, of: report.length },
        'endpoints are healthy again',
      );
    }
  };
}

/** Why a row of a report is not healthy. */
export const reasonOf = ({ verdict }: HealthReport[number]): string =>
  verdict.kind === 'serving' ? 'not long enough healthy yet' : verdict.reason;
