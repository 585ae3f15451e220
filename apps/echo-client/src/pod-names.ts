/** As many as are remembered: above it new peers stay without a name. */
const maxPeers = 10_000;
const maxNameLength = 80;

/** The pod that a reply names: `Hello you  from hostname be1-srv-1`, or `be1-srv-1: Hello you` as S1's servers say. */
export function podOf(message: string): string {
  const [, name = message] = / from hostname (.+)$/s.exec(message) ?? /^([^\s:]+): /.exec(message) ?? [];
  return printable(name).slice(0, maxNameLength) || '(empty reply)';
}

/** Text from elsewhere must not move the cursor, nor look like lines of ours. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

/** Which pod is at the end of a connection, learned from its answers: so that errors can be laid at its door. */
export class PodNames {
  /** undefined: more than one, so a proxy or a virtual IP. */
  readonly #byPeer = new Map<string, string | undefined>();

  learn(peer: string, pod: string): void {
    const known = this.#byPeer.get(peer);
    if (known === pod) return;
    if (this.#byPeer.has(peer)) this.#byPeer.set(peer, undefined);
    else if (this.#byPeer.size < maxPeers) this.#byPeer.set(peer, pod);
  }

  /** @returns the pod's name, the peer itself when it has none or several */
  at(peer: string): string {
    return this.#byPeer.get(peer) ?? peer;
  }
}
