import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import type {
  LoadReportingServiceServer,
  LoadStatsRequest,
  LoadStatsResponse,
} from '@evenly/proto/envoy/service/load_stats/v3/lrs';
import type { Service } from '@evenly/service';
import { LoadStream, XdsError } from '@evenly/xds';
import { fail, type OpenCalls } from '../xds-port/open-calls.ts';
import type { LoadReports } from './load-reports.ts';

/** The load reporting service: clients tell how many calls they sent where. */
export function lrsHandlers(
  reports: LoadReports,
  { calls, log }: { calls: OpenCalls; log: Service['log'] },
): LoadReportingServiceServer {
  return {
    streamLoadStats: (call: ServerDuplexStream<LoadStatsRequest, LoadStatsResponse>) => {
      if (!calls.admit(call)) return;
      const stream = new LoadStream({ ...reports, now: () => performance.now() });
      call.on('data', (request: LoadStatsRequest) => {
        try {
          const answer = stream.onRequest(request);
          if (answer !== undefined) call.write(answer);
        } catch (error) {
          if (!(error instanceof XdsError)) throw error;
          log.warn({ node: stream.node.id, code: error.code, reason: error.message }, 'load report refused');
          fail(call, status.RESOURCE_EXHAUSTED, error.message);
        }
      });
      call.on('end', () => call.end());
    },
  };
}
