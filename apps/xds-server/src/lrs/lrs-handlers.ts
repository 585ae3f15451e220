import {
  LoadReportingServiceService,
  type LoadStatsRequest,
} from '@evenly/proto/envoy/service/load_stats/v3/lrs';
import { bidi, limitCalls, Status, type Method } from '@evenly/grpc-server';
import type { Runtime } from '@evenly/service';
import { LoadStream, XdsError } from '@evenly/xds';
import type { LoadReports } from './load-reports.ts';

const { streamLoadStats } = LoadReportingServiceService;

/** The load reporting service: clients tell how many calls they sent where. */
export function lrsMethods(
  reports: LoadReports,
  { maxStreams, log }: { maxStreams: number; log: Runtime['log'] },
): [path: string, Method][] {
  const report = bidi<LoadStatsRequest>(streamLoadStats, (call) => {
    const stream = new LoadStream({ ...reports, now: () => performance.now() });
    return {
      onRequest: (request) => {
        try {
          const response = stream.onRequest(request);
          if (response !== undefined) call.send(streamLoadStats.responseSerialize(response));
        } catch (error) {
          if (!(error instanceof XdsError)) throw error;
          log.warn({ node: stream.node.id, code: error.code, reason: error.message }, 'load report refused');
          call.end(Status.RESOURCE_EXHAUSTED, error.message);
        }
      },
    };
  });
  return [[streamLoadStats.path, limitCalls(maxStreams, report)]];
}
