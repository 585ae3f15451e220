import { DiscoveryError } from '@evenly/endpoints';
import type { KindName } from '../resource-kind.ts';

/** What RBAC calls what is done. */
export type Verb = 'list' | 'watch' | 'get' | 'create' | 'update' | 'patch' | 'delete';

/** The API server answered, but not with what was asked for. */
export class ApiRefusal extends Error {
  readonly status: number;
  /** From `Retry-After`: the server is busy (429, 503) and says when it will not be. */
  readonly retryAfterMs: number | undefined;

  /** @param body the response's body: a `Status` object, or whatever a proxy in between says */
  constructor(status: number, body: string, retryAfter?: string) {
    super(messageOf(body));
    this.status = status;
    const seconds = Number(retryAfter);
    this.retryAfterMs = retryAfter !== undefined && seconds >= 0 ? Math.min(seconds, 60) * 1000 : undefined;
  }
}

/**
 * What is told of it; for 403, which rule is missing.
 * @param namespace absent = the whole cluster was asked for
 */
export function errorOfRefusal(
  refusal: ApiRefusal,
  verb: Verb,
  { group, plural, version }: KindName,
  namespace: string | undefined,
): DiscoveryError {
  const options = { cause: refusal };
  const { status, message } = refusal;
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace "${namespace}"`;
  if (status === 403) {
    const verbs = verb === 'list' || verb === 'watch' ? '"list", "watch"' : `"${verb}"`;
    const rule = `{apiGroups: ["${group}"], resources: ["${plural}"], verbs: [${verbs}]}`;
    const missing = `RBAC allows no "${verb}" of ${plural} (API group ${group || '""'}) ${where}`;
    const role = namespace === undefined ? 'a ClusterRole' : 'a Role there';
    return new DiscoveryError('FORBIDDEN', `${missing}; ${role} needs the rule ${rule}: ${message}`, options);
  }
  if (status === 401) {
    const message = 'the API server does not accept the credentials (401)';
    return new DiscoveryError('UNAUTHORIZED', message, options);
  }
  if (status === 404 && verb === 'list') {
    const message = `the API server knows no ${plural} of ${group}/${version}: are their definitions (CRDs) installed?`;
    return new DiscoveryError('NOT_FOUND', message, options);
  }
  if (status === 200) return new DiscoveryError('INVALID', message, options);
  const what = `the API server answers ${status} to ${verb} of ${plural} ${where}`;
  return new DiscoveryError('UNREACHABLE', `${what}: ${message}`, options);
}

function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // not a Status: shown as it is
  }
  return JSON.stringify(body.slice(0, 80));
}
