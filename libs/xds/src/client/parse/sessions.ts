import {
  cookieNameFault,
  cookiePathFault,
  ranges,
  sessionHeaderFault,
  type SessionPersistence,
} from '@evenly/mesh-config';
import type { Metadata } from '@evenly/proto/envoy/config/core/v3/base';
import {
  StatefulSession,
  StatefulSessionPerRoute,
} from '@evenly/proto/envoy/extensions/filters/http/stateful_session/v3/stateful_session';
import { CookieBasedSessionState } from '@evenly/proto/envoy/extensions/http/stateful_session/cookie/v3/cookie';
import { HeaderBasedSessionState } from '@evenly/proto/envoy/extensions/http/stateful_session/header/v3/header';
import type { Duration } from '@evenly/proto/google/protobuf/duration';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { msOf } from '../../resources/duration.ts';
import { proxyMetadataKey } from '../../resources/names.ts';
import { sessionFilterName, sessionTypes } from '../../resources/sessions.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';
import { checked, clamped } from './numbers.ts';

/** The filter of a listener: here its routes alone say who has sessions. @throws Refusal */
export function checkSessionFilter(packed: Any): void {
  const { sessionState } = StatefulSession.decode(packed.value);
  refuseIf(
    sessionState !== undefined,
    'a session_state of all routes is not supported, only those of routes',
  );
}

/**
 * The sessions of a route, from the configuration of its filters.
 * @param metadata the route's, where our own xds-server says more
 * @throws Refusal
 */
export function parseSessions(
  filters: Readonly<Record<string, Any>>,
  metadata: Metadata | undefined,
  warn: Warn,
): SessionPersistence | undefined {
  const packed = filters[sessionFilterName];
  if (packed === undefined) return undefined;
  const type = typeOf(packed);
  refuseIf(
    type !== sessionTypes.ofRoute,
    `${sessionFilterName} must be a StatefulSessionPerRoute, not ${type}`,
  );
  const { override } = StatefulSessionPerRoute.decode(packed.value);
  const session = override?.$case === 'statefulSession' ? override.value : undefined;
  const state = session?.sessionState?.typedConfig;
  if (session === undefined || state === undefined) return undefined;
  if (session.strict) warn('strict sessions are unsupported: without its endpoint, a session moves');
  const own = ownTimeout(metadata);
  if (typeOf(state) === sessionTypes.cookie) return cookieOf(state, own, warn);
  if (typeOf(state) === sessionTypes.header) return headerOf(state, own);
  throw new Refusal(`sessions by ${typeOf(state)} are not supported`);
}

const typeOf = ({ typeUrl }: Any): string => typeUrl.split('/')[1] ?? typeUrl;

function cookieOf(
  state: Any,
  own: Pick<SessionPersistence, 'absoluteTimeoutMs'>,
  warn: Warn,
): SessionPersistence {
  const { cookie } = CookieBasedSessionState.decode(state.value);
  if (cookie === undefined) throw new Refusal('the session_state has no cookie');
  const path = cookie.path || '/'; // as in gRFC A55
  refuseFault('the name of the cookie', cookieNameFault(cookie.name));
  refuseFault('the path of the cookie', cookiePathFault(path));
  const ttlMs = ttlOf(cookie.ttl, warn);
  const lifetime = ttlMs === undefined ? own : { absoluteTimeoutMs: ttlMs };
  return { kind: 'cookie', name: cookie.name, path, permanent: ttlMs !== undefined, ...lifetime };
}

function headerOf(state: Any, own: Pick<SessionPersistence, 'absoluteTimeoutMs'>): SessionPersistence {
  const name = HeaderBasedSessionState.decode(state.value).name.toLowerCase();
  refuseFault('the name of the header', sessionHeaderFault(name));
  return { kind: 'header', name, ...own };
}

function refuseFault(what: string, fault: string | undefined): void {
  refuseIf(fault !== undefined, `${what} ${fault}`);
}

/** 0 is a cookie that ends with its client. @throws Refusal */
function ttlOf(ttl: Duration | undefined, warn: Warn): number | undefined {
  const ms = msOf(ttl) ?? 0;
  refuseIf(!(ms >= 0), 'the ttl of the cookie must not be less than 0');
  return ms === 0 ? undefined : clamped('the ttl of the cookie in ms', ms, ranges.sessionTimeoutMs, warn);
}

/** Written by our own xds-server, but it is input all the same. @throws Refusal */
function ownTimeout(metadata: Metadata | undefined): Pick<SessionPersistence, 'absoluteTimeoutMs'> {
  const given = metadata?.filterMetadata[proxyMetadataKey]?.['sessionTimeoutMs'] as unknown;
  if (given === undefined) return {};
  const where = `metadata ${proxyMetadataKey} sessionTimeoutMs`;
  return { absoluteTimeoutMs: checked(where, Number(given), ranges.sessionTimeoutMs) };
}
