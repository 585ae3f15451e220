import type { HeaderBlock, HeaderField } from '@evenly/http2';
import { blockFor } from '../../routing/request-plan.ts';
import type { ReadyMirror } from '../../routing/route-table.ts';
import { Attempt } from '../../upstream/attempt.ts';
import type { Cluster } from '../../upstream/cluster.ts';
import type { AttemptedCall } from '../attempts/attempted-call.ts';
import { requestFields } from '../request/request-fields.ts';
import { stickyHash } from '../route-policy.ts';
import { MirroredCall } from './mirrored-call.ts';

/** The copies of one call. */
export class CallMirrors {
  private readonly copies: readonly MirroredCall[];

  constructor(copies: readonly MirroredCall[]) {
    this.copies = copies;
  }

  onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    for (const copy of this.copies) copy.onRequestData(bytes, start, end, endStream);
  }

  onRequestTrailers(block: HeaderBlock): void {
    for (const copy of this.copies) copy.onRequestTrailers(block);
  }

  cancel(): void {
    for (const copy of this.copies) copy.cancel();
  }
}

/** Begins copies of a call that begins. @returns undefined when there are none */
export function startMirrors(
  call: AttemptedCall,
  mirrors: readonly ReadyMirror<Cluster>[],
): CallMirrors | undefined {
  const copies = mirrors.flatMap(({ target, percent }) =>
    call.context.random() * 100 < percent ? (startCopy(call, target) ?? []) : [],
  );
  return copies.length === 0 ? undefined : new CallMirrors(copies);
}

/** To an endpoint that takes it now, or to none: what waits would be held for nobody. */
function startCopy(call: AttemptedCall, cluster: Cluster): MirroredCall | undefined {
  const { context, plan, route, request } = call;
  const nowMs = context.now();
  const host = cluster.choose(nowMs, stickyHash(route, cluster, plan.block), []);
  const connection = host?.target?.connection;
  if (host === undefined || connection === undefined || !context.mirrors.tryStart()) {
    route.stats.mirrorsDropped++;
    return undefined;
  }
  const block = blockFor(plan, call.block, cluster.scheme);
  const stream = connection.open(block, !request.hasMore, extraFields(call, nowMs));
  if (stream === undefined) {
    context.mirrors.end();
    route.stats.mirrorsDropped++;
    return undefined;
  }
  const copy = new MirroredCall(context, cluster, plan.isGrpc, route.stats);
  const attempt = new Attempt(copy, host, connection, stream, nowMs);
  stream.user = attempt;
  copy.start(attempt, !request.hasMore);
  return copy;
}

/** Its deadline is the call's: the mirror shall see what the endpoint sees. */
function extraFields({ plan, deadlineMs }: AttemptedCall, nowMs: number): readonly HeaderField[] | undefined {
  return requestFields(plan, undefined, deadlineMs - nowMs, 0);
}
