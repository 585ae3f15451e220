import { cookiePathOf, type Route, type SessionPersistence } from '@evenly/mesh-config';
import type { Metadata } from '@evenly/proto/envoy/config/core/v3/base';
import { TypedExtensionConfig } from '@evenly/proto/envoy/config/core/v3/extension';
import {
  StatefulSession,
  StatefulSessionPerRoute,
} from '@evenly/proto/envoy/extensions/filters/http/stateful_session/v3/stateful_session';
import { CookieBasedSessionState } from '@evenly/proto/envoy/extensions/http/stateful_session/cookie/v3/cookie';
import { HeaderBasedSessionState } from '@evenly/proto/envoy/extensions/http/stateful_session/header/v3/header';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { Cookie } from '@evenly/proto/envoy/type/http/v3/cookie';
import type { NodeKind } from '../node.ts';
import { durationOf } from './duration.ts';
import { message, packed } from './message.ts';
import { proxyMetadataKey } from './names.ts';

/* Envoy's stateful session filter (gRFC A55). It does nothing by itself: the routes that have sessions say so. */

export const sessionFilterName = 'envoy.filters.http.stateful_session';
export const sessionTypes = {
  filter: 'envoy.extensions.filters.http.stateful_session.v3.StatefulSession',
  ofRoute: 'envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute',
  cookie: 'envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState',
  header: 'envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState',
} as const;

/** What a kind of client takes: most of gRPC's refuse routes with what they do not know (gRFC A39). */
export type KnownSessions = 'none' | 'cookies' | 'all';

/** Of gRPC's libraries C-core alone has gRFC A55, and that knows cookies. */
export function knownSessions(kind: NodeKind): KnownSessions {
  if (kind === 'grpc-core') return 'cookies';
  return kind === 'envoy' || kind === 'envoy-separate' || kind === 'proxy' ? 'all' : 'none';
}

export const hasSessions = ({ sessionPersistence }: Route): boolean => sessionPersistence !== undefined;

/** The filter of a listener. */
export const sessionFilter = (): Any => packed(sessionTypes.filter, StatefulSession, {});

/** What a route says of its sessions; undefined: nothing that this client would take. */
export function sessionOfRoute(
  { sessionPersistence: persistence, match }: Route,
  known: KnownSessions,
): { config: Any; metadata: Metadata | undefined } | undefined {
  if (persistence === undefined || known === 'none') return undefined;
  if (known === 'cookies' && persistence.kind !== 'cookie') return undefined;
  const sessionState =
    persistence.kind === 'cookie'
      ? extension('envoy.http.stateful_session.cookie', cookieState(persistence, match))
      : extension('envoy.http.stateful_session.header', headerState(persistence.name));
  const statefulSession = message(StatefulSession, { sessionState });
  const config = packed(sessionTypes.ofRoute, StatefulSessionPerRoute, {
    override: { $case: 'statefulSession', value: statefulSession },
  });
  return { config, metadata: known === 'all' ? ownWords(persistence) : undefined };
}

const extension = (name: string, typedConfig: Any) => message(TypedExtensionConfig, { name, typedConfig });

function cookieState(
  { name, path, permanent, absoluteTimeoutMs }: Extract<SessionPersistence, { kind: 'cookie' }>,
  match: Route['match'],
): Any {
  const cookie = message(Cookie, {
    name,
    path: path ?? cookiePathOf(match.path),
    // With it a cookie outlives the client that has it.
    ttl: permanent ? durationOf(absoluteTimeoutMs!) : undefined,
  });
  return packed(sessionTypes.cookie, CookieBasedSessionState, { cookie });
}

const headerState = (name: string): Any => packed(sessionTypes.header, HeaderBasedSessionState, { name });

/** For our own proxy, what xDS has no word for: the end of a session that no permanent cookie says. */
function ownWords(persistence: SessionPersistence): Metadata | undefined {
  const { absoluteTimeoutMs } = persistence;
  if (absoluteTimeoutMs === undefined || (persistence.kind === 'cookie' && persistence.permanent))
    return undefined;
  return {
    filterMetadata: { [proxyMetadataKey]: { sessionTimeoutMs: absoluteTimeoutMs } },
    typedFilterMetadata: {},
  };
}
