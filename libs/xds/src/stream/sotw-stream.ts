import type { DiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { versionOf } from '../resource.ts';
import { isWholeSet, type ResourceType } from '../resource-type.ts';
import type { Plan } from './plan.ts';
import type { TypeState } from './type-state.ts';
import { XdsStream, type Acknowledgement } from './xds-stream.ts';

/**
 * The state-of-the-world variant: a request lists all names that the client wants; a response with listeners or
 * clusters lists all that it has, one with routes or endpoints only what changed.
 */
export class SotwStream extends XdsStream {
  readonly variant = 'sotw';

  /**
   * Takes a request: a subscription, an ACK, a NACK, or several of these at once.
   * @returns what the request said of the response before it
   * @throws XdsError the stream should be ended with it
   */
  onRequest(request: DiscoveryRequest): Acknowledgement {
    const { type, state } = this.begin(request, request.versionInfo !== '');
    if (request.responseNonce === '' && beganBefore(state)) this.forget(state);
    else if (state.lastNonce === '' && isWholeSet(type)) state.hadVersion = request.versionInfo;
    // The client wrote this before it saw our last response; it will answer that one too, with its newest names.
    if (state.lastNonce !== '' && request.responseNonce !== state.lastNonce) return { said: 'stale', type };
    const change = state.subscription.replace(request.resourceNames);
    // A NACK is known by its error, never by its version.
    const said = this.settle(type, state, request.errorDetail?.message);
    this.subscribe(type, state, change);
    return said;
  }

  protected override respond(type: ResourceType, state: TypeState, { wanted, changed, removed }: Plan): void {
    const wholeSet = isWholeSet(type);
    const resources = wholeSet ? wanted : changed;
    const hasUpdate = changed.length > 0 || (wholeSet && (removed.length > 0 || state.responseDue));
    if (!hasUpdate) {
      // Routes and endpoints go without a word: they go with the listener or cluster that named them.
      for (const name of removed) state.sent.delete(name);
      state.demanded = undefined; // of what there is none, this variant cannot say so
      return;
    }
    const version = versionOf(resources);
    const nonce = this.responded(state, version, resources, removed);
    this.send(this.cache.encoder.sotw(type, version, resources, nonce), type);
  }
}

/**
 * Without a nonce a client begins with a type. One that has answered a response of it has dropped its last name without a
 * word since, and forgotten all of it: grpc-js-xds 1.10 does so (grpc/grpc-node#2875), and some grpc-java
 * (grpc/grpc-java#11796). Before that, it wrote the request before it saw the first response.
 */
const beganBefore = ({ lastNonce, ackedVersion, lastError }: TypeState): boolean =>
  lastNonce !== '' && (ackedVersion ?? lastError) !== undefined;
