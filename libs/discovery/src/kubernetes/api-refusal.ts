import { DiscoveryError } from '@evenly/endpoints';

export type Verb = 'list' | 'watch';

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

/** What a source tells of it; for 403, which rule is missing. */
export function errorOfRefusal(refusal: ApiRefusal, verb: Verb, namespace: string): DiscoveryError {
  const options = { cause: refusal };
  const { status, message } = refusal;
  if (status === 403) {
    const rule = `{apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"]}`;
    const missing = `RBAC allows no "${verb}" of endpointslices (API group discovery.k8s.io) in namespace "${namespace}"`;
    return new DiscoveryError(
      'FORBIDDEN',
      `${missing}; a Role there needs the rule ${rule}: ${message}`,
      options,
    );
  }
  if (status === 401) {
    const message = 'the API server does not accept the credentials (401)';
    return new DiscoveryError('UNAUTHORIZED', message, options);
  }
  if (status === 200) return new DiscoveryError('INVALID', message, options);
  const what = `the API server answers ${status} to ${verb} of endpointslices in namespace "${namespace}"`;
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
