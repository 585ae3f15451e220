import type { experimental, status } from '@grpc/grpc-js';
import type { Balancer, Host, OutcomeTable } from '@evenly/balancing';
import type { EndpointConnection } from './endpoint-connection.ts';
import { processHold } from './hold-process.ts';
import { PickResultType, unavailable } from './versions.ts';

type PickResult = experimental.PickResult;

/** The balancer's choice as a grpc-js pick. It reads the balancer of its policy, which changes beneath it. */
export class BalancerPicker {
  readonly #balancer: Balancer<EndpointConnection>;
  readonly #outcomes: OutcomeTable;
  readonly #countsCalls: boolean;
  readonly #holdsProcess: boolean;
  /** Picks of this turn of the event loop. */
  readonly #picked: Pick[] = [];

  /** @param holdsProcess connections do not keep the process alive, so their calls must */
  constructor(balancer: Balancer<EndpointConnection>, outcomes: OutcomeTable, holdsProcess: boolean) {
    this.#balancer = balancer;
    this.#outcomes = outcomes;
    this.#countsCalls = balancer.learnsFromCalls; // others are spared the cost
    this.#holdsProcess = holdsProcess;
  }

  pick(args: experimental.PickArgs): PickResult {
    const host = this.#balancer.pick(this.#countsCalls ? performance.now() : 0);
    if (host === undefined) return noHost;
    const result = host.target!.pick(args);
    if (!this.#countsCalls && !this.#holdsProcess) return result;
    return result.pickResultType === PickResultType.COMPLETE ? this.#followed(result, host) : result;
  }

  #followed(result: PickResult, host: Host<EndpointConnection>): PickResult {
    const pick = this.#count(host);
    let startedMs = 0;
    return {
      ...result,
      onCallStarted: () => {
        startedMs = performance.now();
        if (!pick.counts) this.#balancer.callStarted(host);
        pick.started = true;
        if (this.#holdsProcess) processHold.add();
      },
      onCallEnded: (code: status) => {
        const nowMs = performance.now();
        this.#balancer.callEnded(host, nowMs, nowMs - startedMs, this.#outcomes.ofGrpc(code));
        if (this.#holdsProcess) processHold.remove();
      },
    };
  }

  /**
   * A call counts from its pick on: many at once are all picked before the first of them is started, and would go by
   * chance. grpc-js says nothing of a call that is picked and never started (cancelled meanwhile, the connection lost,
   * no credentials), so one that is not started by the end of this turn counts from its start.
   */
  #count(host: Host<EndpointConnection>): Pick {
    const pick = { host, counts: true, started: false };
    this.#balancer.callStarted(host);
    if (this.#picked.push(pick) === 1) setImmediate(() => this.#endOfTurn());
    return pick;
  }

  #endOfTurn(): void {
    for (const pick of this.#picked.splice(0)) {
      if (pick.started) continue;
      pick.counts = false;
      this.#balancer.callNotMade(pick.host);
    }
  }
}

interface Pick {
  readonly host: Host<EndpointConnection>;
  counts: boolean;
  started: boolean;
}

/** Cannot be while the policy is ready; calls that come here in spite of it fail and may be tried again. */
const noHost: PickResult = {
  pickResultType: PickResultType.TRANSIENT_FAILURE,
  subchannel: null,
  status: unavailable('no endpoint may get calls'),
  onCallStarted: null,
  onCallEnded: null,
};
