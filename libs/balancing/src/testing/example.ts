import { createBalancer, type CallOutcome } from '../index.ts';

const balancer = createBalancer<string>({ policy: { name: 'peak-ewma' }, random: Math.random, outlier: {} });
balancer.update(
  [
    { key: '10.0.0.1:80', target: 'a' },
    { key: '10.0.0.2:80', target: 'b' },
  ],
  performance.now(),
);
setInterval(() => balancer.tick(performance.now()), 1_000).unref();

export async function call<R>(send: (target: string) => Promise<R>): Promise<R> {
  const startedAtMs = performance.now();
  const host = balancer.pick(startedAtMs);
  if (!host?.target) throw new Error('no hosts');
  balancer.callStarted(host);
  let outcome: CallOutcome = 'failure';
  try {
    const answer = await send(host.target);
    outcome = 'success';
    return answer;
  } finally {
    const nowMs = performance.now();
    balancer.callEnded(host, nowMs, nowMs - startedAtMs, outcome);
  }
}
