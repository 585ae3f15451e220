import type { RequestPlan } from '../routing/request-plan.ts';
import type { ReadyRoute } from '../routing/route-table.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { CallContext } from './call-context.ts';
import type { CallObserver } from './call-observer.ts';
import { Call } from './call.ts';
import type { ClientSide, ClientStream } from './client-side.ts';
import { HedgedCall } from './hedged-call.ts';
import { hedgePolicy } from './route-policy.ts';

/** The call that a request begins, to one of its route's destinations. */
export function newCall(
  context: CallContext,
  client: ClientSide,
  stream: ClientStream,
  plan: RequestPlan<Cluster>,
  route: ReadyRoute<Cluster>,
  requestEnded: boolean,
  observer: CallObserver | undefined,
): Call {
  const cluster = route.choose(context.random());
  const hedge = hedgePolicy(route, cluster);
  if (hedge === undefined || !plan.isGrpc) {
    return new Call(context, client, stream, plan, route, cluster, requestEnded, observer);
  }
  return new HedgedCall(hedge, context, client, stream, plan, route, cluster, requestEnded, observer);
}
