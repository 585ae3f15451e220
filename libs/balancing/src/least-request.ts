import type { Host } from './host.ts';
import { TwoChoices } from './two-choices.ts';

/**
 * The host with fewer active calls, of two. Slow or stuck hosts fill up and are left alone. Needs calls that overlap:
 * with one call at a time every host is idle, and the slow one gets its share.
 *
 * Envoy compares weight / (active + 1). Between idle hosts that always chooses the heavier: with weights 1, 2, 4, 8 and
 * little load the lightest got nothing. `active / weight` leaves idle hosts to the draw, which is by weight, and under
 * load comes to the same.
 */
export class LeastRequest<T = unknown> extends TwoChoices<T> {
  protected override cost(host: Host<T>, weight: number): number {
    return host.stats.active / weight + 1;
  }
}
