import type { HeaderBlock } from '@evenly/http2';
import type { Route, SessionPersistence } from '@evenly/mesh-config';
import { sessionValues, withSession } from './session-fields.ts';
import { readToken, writeToken, type SessionToken } from './session-token.ts';

/** The sessions of a route (GEP-1619). Nothing is kept here: each client brings what is to be known of its own. */
export class RouteSessions {
  readonly #persistence: SessionPersistence;
  readonly #path: Route['match']['path'];

  constructor(persistence: SessionPersistence, { match }: Pick<Route, 'match'>) {
    this.#persistence = persistence;
    this.#path = match.path;
  }

  /**
   * The session that a request goes on with; undefined: it begins one.
   * @param isDestination whether the route leads to this service
   */
  find(block: HeaderBlock, isDestination: (service: string) => boolean): SessionToken | undefined {
    const nowS = Date.now() / 1000;
    for (const value of sessionValues(block, this.#persistence)) {
      const token = readToken(value);
      if (token !== undefined && isDestination(token.service) && this.#lasts(token, nowS)) return token;
    }
    return undefined;
  }

  /** A route whose sessions end does not take one that was begun without an end. */
  #lasts({ endsAtS }: SessionToken, nowS: number): boolean {
    return this.#persistence.absoluteTimeoutMs === undefined || (endsAtS !== undefined && nowS < endsAtS);
  }

  /**
   * A response with which a session begins.
   * @param endpoint the key of the one that answers
   * @param service its own, which the route leads to
   * @param secure the client came by TLS
   */
  begin(block: HeaderBlock, endpoint: string, service: string, secure: boolean): HeaderBlock {
    const { absoluteTimeoutMs } = this.#persistence;
    const endsAtS =
      absoluteTimeoutMs === undefined ? undefined : Math.ceil((Date.now() + absoluteTimeoutMs) / 1000);
    const value = writeToken({ endpoint, service, endsAtS });
    return withSession(block, this.#persistence, this.#path, value, secure);
  }
}
