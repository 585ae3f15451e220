import type { experimental, status } from '@grpc/grpc-js';
import { defaultOutcomes, type Balancer, type Host } from '@evenly/balancing';
import type { Connection } from './connection.ts';
import { processHold } from './hold-process.ts';
import { PickResultType, unavailable } from './versions.ts';

type PickResult = experimental.PickResult;

/** The balancer's choice as a grpc-js pick. It reads the balancer of its policy, which changes beneath it. */
export class BalancerPicker {
  readonly #balancer: Balancer<Connection>;
  readonly #countsCalls: boolean;
  readonly #holdsProcess: boolean;

  /**
   * @param countsCalls the policy learns from calls; others are spared the cost
   * @param holdsProcess connections do not keep the process alive, so their calls must
   */
  constructor(balancer: Balancer<Connection>, countsCalls: boolean, holdsProcess: boolean) {
    this.#balancer = balancer;
    this.#countsCalls = countsCalls;
    this.#holdsProcess = holdsProcess;
  }

  pick(args: experimental.PickArgs): PickResult {
    const host = this.#balancer.pick(this.#countsCalls ? performance.now() : 0);
    if (host === undefined) return noHost;
    const result = host.target!.pick(args);
    if (!this.#countsCalls && !this.#holdsProcess) return result;
    return result.pickResultType === PickResultType.COMPLETE ? this.#counted(result, host) : result;
  }

  #counted(result: PickResult, host: Host<Connection>): PickResult {
    let startedMs = 0;
    return {
      ...result,
      onCallStarted: () => {
        startedMs = performance.now();
        this.#balancer.callStarted(host);
        if (this.#holdsProcess) processHold.add();
      },
      onCallEnded: (code: status) => {
        const nowMs = performance.now();
        this.#balancer.callEnded(host, nowMs, nowMs - startedMs, defaultOutcomes.ofGrpc(code));
        if (this.#holdsProcess) processHold.remove();
      },
    };
  }
}

/** Cannot be while the policy is ready; calls that come here in spite of it fail and may be tried again. */
const noHost: PickResult = {
  pickResultType: PickResultType.TRANSIENT_FAILURE,
  subchannel: null,
  status: unavailable('no endpoint may get calls'),
  onCallStarted: null,
  onCallEnded: null,
};
