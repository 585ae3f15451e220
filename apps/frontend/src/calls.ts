import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { EchoServerClient } from '@evenly/proto/echo/echo';

/** The name that salrashid123/k8s_grpc_xds' frontend sends, with its trailing space. */
const callerName = 'unary RPC msg ';

export interface CallPlan {
  /** How many calls to make. */
  calls: number;
  concurrency: number;
  /** Limit of each call, milliseconds. */
  callTimeoutMs: number;
  /** Limit of all of them, milliseconds. */
  requestTimeoutMs: number;
  /** Cancels what is left. */
  signal: AbortSignal;
  /** Told about each call when it ends. */
  observe(code: status, seconds: number): void;
}

/** What came of a request's calls. `messages.length + failed` is less than `calls` when it ended before all were made. */
export interface CallReport {
  calls: number;
  /** In the order in which they came. */
  messages: string[];
  failed: number;
  firstFailure?: { code: status; details: string };
  /** True when the limit of the request, not of a call, was the end. */
  outOfTime: boolean;
}

/**
 * Makes the calls of one request. A caller that sees failures before any success stops: one call's time limit is
 * enough to wait for a service that does not answer. Never rejects; failures are in the report.
 */
export async function makeCalls(client: EchoServerClient, plan: CallPlan): Promise<CallReport> {
  const report: CallReport = { calls: plan.calls, messages: [], failed: 0, outOfTime: false };
  const endMs = Date.now() + plan.requestTimeoutMs;
  let started = 0;

  const caller = async () => {
    while (started < plan.calls && Date.now() < endMs && !plan.signal.aborted) {
      started++;
      const result = await sayHello(client, plan, endMs);
      if (typeof result === 'string') {
        report.messages.push(result);
        continue;
      }
      report.failed++;
      report.firstFailure ??= { code: result.code, details: result.details };
      if (report.messages.length === 0) return;
    }
  };

  await Promise.all(Array.from({ length: Math.min(plan.concurrency, plan.calls) }, caller));
  report.outOfTime = Date.now() >= endMs && report.messages.length < plan.calls;
  return report;
}

/** One call: the message, or the error that it failed with. */
function sayHello(client: EchoServerClient, plan: CallPlan, endMs: number): Promise<string | ServiceError> {
  return new Promise((resolve) => {
    const beginMs = performance.now();
    const deadline = Math.min(Date.now() + plan.callTimeoutMs, endMs);
    const call = client.sayHello({ name: callerName }, new Metadata(), { deadline }, (error, reply) => {
      plan.signal.removeEventListener('abort', cancel);
      plan.observe(error?.code ?? status.OK, (performance.now() - beginMs) / 1000);
      resolve(error ?? reply.message);
    });
    const cancel = () => call.cancel();
    plan.signal.addEventListener('abort', cancel, { once: true });
  });
}
