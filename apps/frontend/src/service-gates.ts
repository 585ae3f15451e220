import { setTimeout as wait } from 'node:timers/promises';
import { connectivityState, status, type Client } from '@grpc/grpc-js';
import { PatientGates, ServiceError, type Runtime } from '@evenly/service';
import type { ChannelLease, ChannelPool } from './channel-pool.ts';
import { FrontendError } from './errors.ts';
import { whyMissing } from './missing-targets.ts';
import { targetOf } from './target.ts';

/** How long a channel is waited for before it is asked why it is not ready. */
const attemptMs = 5000;
/** How long that may take. The call is refused at once as long as no pod is connected. */
const askMs = 1000;

export interface ServiceGatesOptions {
  target: string;
  /** The services that may be called, and are waited for. */
  services: readonly string[];
  /** As many are waited for at a time as there may be channels. */
  maxChannels: number;
  readyAfter: number;
}

/**
 * Each service that is named has to have a channel that was READY once before the frontend is ready, for it must not replace one
 * that works. In the end one of them will do: the control plane and this program work then, and the others' pods are away.
 * Where no services are named, nobody is waited for.
 * @returns stops waiting
 * @throws ServiceError BAD_CONFIG for names that no service can have
 */
export function openServiceGates(
  options: ServiceGatesOptions,
  pool: Pick<ChannelPool, 'lease'>,
  { readiness, log }: Pick<Runtime, 'readiness' | 'log'>,
): () => void {
  const { maxChannels, readyAfter: patienceMs } = options;
  const mayDoWithout = (waiting: readonly string[], all: number) => waiting.length < all;
  const gates = new PatientGates({ readiness, log, patienceMs, mayDoWithout });
  const reasons = new Map<string, string>();
  const queue = targetsOf(options);
  for (const each of queue) gates.add('channel', each, () => reasons.get(each) ?? 'is being connected');

  const stop = new AbortController();
  const isWaitedFor = (each: string) => !stop.signal.aborted && gates.waiting.includes(each);
  const work = async () => {
    for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
      if (!isWaitedFor(each)) continue;
      const reason = await attempt(each, pool);
      if (reason === undefined) gates.pass(each);
      else {
        reasons.set(each, reason);
        queue.push(each);
      }
    }
  };
  for (let workers = Math.min(queue.length, maxChannels); workers > 0; workers--) void work();
  return () => {
    stop.abort();
    gates.stop();
  };
}

function targetsOf({ services, target }: ServiceGatesOptions): string[] {
  try {
    return [...new Set(services)].map((service) => targetOf(service, target, services));
  } catch (cause) {
    throw new ServiceError('BAD_CONFIG', `--services: ${(cause as Error).message}`, { cause });
  }
}

/** @returns undefined: the channel is ready; else why not */
async function attempt(target: string, pool: Pick<ChannelPool, 'lease'>): Promise<string | undefined> {
  let channel: ChannelLease;
  try {
    channel = pool.lease(target);
  } catch (error) {
    if (!(error instanceof FrontendError)) throw error;
    await wait(attemptMs, undefined, { ref: false });
    return error.message;
  }
  try {
    if (await isReady(channel.client)) return undefined;
    const { code, details } = await failureOf(channel.client);
    // As in service-route.ts: grpc-js-xds may never see a listener again that was gone.
    if ((await whyMissing({ code, details }, target)) !== undefined) channel.retire();
    return `${connectivityState[channel.client.getChannel().getConnectivityState(false)]}: ${details}`;
  } finally {
    channel.release();
  }
}

function isReady(client: Client): Promise<boolean> {
  return new Promise((resolve) => client.waitForReady(Date.now() + attemptMs, (error) => resolve(!error)));
}

/** Why calls fail. Asked by the health service, which no pod has to have: no call of the service's own is made. */
function failureOf(client: Client): Promise<{ code: status; details: string }> {
  const nothing = () => Buffer.alloc(0);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      nothing,
      nothing,
      {},
      { deadline: Date.now() + askMs },
      (error) => resolve(error ?? { code: status.OK, details: 'has just been connected' }),
    );
  });
}
