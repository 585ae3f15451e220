import type { DeltaDiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { versionOf } from '../resource.ts';
import type { ResourceType } from '../resource-type.ts';
import type { Plan } from './plan.ts';
import type { TypeState } from './type-state.ts';
import { bytesOf, XdsStream, type Acknowledgement } from './xds-stream.ts';

/** The incremental variant: requests say which names come and go, responses which resources do. */
export class DeltaStream extends XdsStream {
  readonly variant = 'delta';

  /**
   * Takes a request: a change of the subscription, an ACK, a NACK, or several of these at once. On its first request of
   * a type a client that reconnects says what it has still, and gets only the difference.
   * @returns what the request said of the response before it
   * @throws XdsError the stream should be ended with it
   */
  onRequest(request: DeltaDiscoveryRequest): Acknowledgement {
    const had = Object.keys(request.initialResourceVersions);
    const { type, state } = this.begin(request, had.length > 0);
    const change = state.subscription.patch(request.resourceNamesSubscribe, request.resourceNamesUnsubscribe);
    // A nonce that is not the last one's acknowledges nothing; the subscription counts all the same.
    const isAcknowledgement =
      request.responseNonce !== '' && request.responseNonce === state.outstanding?.nonce;
    const said: Acknowledgement = isAcknowledgement
      ? this.settle(type, state, request.errorDetail?.message)
      : { said: request.responseNonce === '' ? 'subscribe' : 'stale', type };
    const isFirst = state.lastNonce === '' && state.sent.size === 0;
    if (isFirst) this.hold(bytesOf(had));
    if (isFirst) takeOver(state, request.initialResourceVersions);
    this.subscribe(type, state, change);
    return said;
  }

  protected override respond(
    type: ResourceType,
    state: TypeState,
    { changed, removed, missing }: Plan,
  ): void {
    // A client that is told at once that a resource does not exist need not wait for its time-out (15 s in gRPC).
    const gone = [...new Set([...removed, ...missing])];
    // Envoy starts only after a response to its wildcard, be it empty.
    if (changed.length === 0 && gone.length === 0 && !(state.responseDue && state.subscription.wildcard))
      return;
    const version = versionOf(changed);
    const nonce = this.responded(state, version, changed, gone);
    this.send(this.cache.encoder.delta(type, version, changed, gone, nonce), type);
  }
}

/** What the client has from an earlier stream: of that it gets only what changed. */
function takeOver(state: TypeState, versions: Readonly<Record<string, string>>): void {
  for (const [name, version] of Object.entries(versions)) {
    if (!state.subscription.wants(name)) continue;
    const known = { name, version, resource: undefined, sentAtMs: undefined };
    state.sent.set(name, known);
    state.acked.set(name, known);
  }
}
