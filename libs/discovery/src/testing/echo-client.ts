import { credentials, Metadata, type ChannelOptions, type ServiceError } from '@grpc/grpc-js';
import { EchoServerClient } from '@evenly/proto/echo/echo';

/** A plain grpc-js client of the echo service, and what tests do with it. */
export function echoClient(target: string, options: ChannelOptions = {}) {
  const client = new EchoServerClient(target, credentials.createInsecure(), options);

  /** @returns the answer, or the error's text; never rejects */
  const call = (timeoutMs = 10_000, waitForReady = false): Promise<string> =>
    new Promise((resolve) => {
      const metadata = new Metadata({ waitForReady });
      const deadline = { deadline: Date.now() + timeoutMs };
      client.sayHello({ name: '' }, metadata, deadline, (error: ServiceError | null, reply) =>
        resolve(error ? error.message : reply.message),
      );
    });

  return {
    client,
    call,
    /** Who answered how often, one call after the other. */
    counts: async (calls: number): Promise<Map<string, number>> => {
      const counts = new Map<string, number>();
      for (let index = 0; index < calls; index++) {
        const answer = await call();
        counts.set(answer, (counts.get(answer) ?? 0) + 1);
      }
      return counts;
    },
    /** Those who answer now, sorted. */
    answering: async (calls = 20): Promise<string[]> => {
      const answers = await Promise.all(Array.from({ length: calls }, () => call()));
      return [...new Set(answers)].sort();
    },
    close: () => client.close(),
  };
}

/** A service config with one policy, as channel options. */
export function policyOptions(
  policy: Record<string, unknown>,
  more: Record<string, unknown> = {},
): ChannelOptions {
  return { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [policy], ...more }) };
}
