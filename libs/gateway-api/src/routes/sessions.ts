import { createHash } from 'node:crypto';
import { cookieNameFault, ranges, sessionHeaderFault, type SessionPersistence } from '@evenly/mesh-config';
import type { SessionPersistenceObject } from '../objects/session-persistence.ts';
import { UnsupportedRule } from './ranked-match.ts';

/**
 * What the sessions of a rule come to. The path of a cookie is that of the match (GEP-1619, "Path"), which is its default.
 * @param rule unlike that of any other rule
 * @throws UnsupportedRule
 */
export function sessionsOf(object: SessionPersistenceObject, rule: string): SessionPersistence {
  const { type, lifetimeType, absoluteTimeoutMs, hasIdleTimeout } = object;
  refuse('idleTimeout', hasIdleTimeout ? 'is not supported' : undefined);
  refuse('cookieConfig', type === 'Header' && lifetimeType ? 'is not for type Header' : undefined);
  refuse('absoluteTimeout', timeoutFault(object));
  const name = object.sessionName ?? nameOf(rule);
  const lifetime = absoluteTimeoutMs === undefined ? {} : { absoluteTimeoutMs };
  if (type === 'Header') {
    refuse('sessionName', sessionHeaderFault(name.toLowerCase()));
    return { kind: 'header', name: name.toLowerCase(), ...lifetime };
  }
  refuse('sessionName', cookieNameFault(name));
  return { kind: 'cookie', name, permanent: lifetimeType === 'Permanent', ...lifetime };
}

function timeoutFault({ absoluteTimeoutMs: ms, lifetimeType }: SessionPersistenceObject): string | undefined {
  if (ms === undefined)
    return lifetimeType === 'Permanent' ? 'is required with lifetimeType Permanent' : undefined;
  const { min, max } = ranges.sessionTimeoutMs;
  return ms < min || ms > max ? 'must be from 1s to 99999h' : undefined;
}

function refuse(field: string, fault: string | undefined): void {
  if (fault !== undefined) throw new UnsupportedRule(`sessionPersistence.${field} ${fault}`);
}

/** Rules must not share sessions (GEP-1619, "Edge Case Behavior"). */
const nameOf = (rule: string): string =>
  `evenly-session-${createHash('sha256').update(rule).digest('hex').slice(0, 12)}`;
