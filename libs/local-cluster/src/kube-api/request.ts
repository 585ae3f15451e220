import type { IncomingHttpHeaders } from 'node:http';
import { status, type EndpointSliceObject } from './objects.ts';
import { labelSelector } from './selector.ts';

/** What is asked for. */
export interface SliceQuery {
  verb: 'list' | 'watch';
  /** Absent: all namespaces. */
  namespace: string | undefined;
  matches: (object: EndpointSliceObject) => boolean;
  parameters: URLSearchParams;
}

/** An answer that is none of the things asked for: a `Status` and its HTTP code. */
export type Refusal = ReturnType<typeof status>;

const path = /^\/apis\/discovery\.k8s\.io\/v1\/(?:namespaces\/([^/]+)\/)?endpointslices$/;

/** True for the ways to write it in a query. */
export const isTrue = (text: string | null) => text === '1' || text === 'true';

/** Reads a request as the API server does. A pure function. */
export function readRequest(
  request: { method?: string | undefined; url?: string | undefined; headers: IncomingHttpHeaders },
  tokens: ReadonlySet<string> | undefined,
): SliceQuery | Refusal {
  const { pathname, searchParams: parameters } = new URL(request.url ?? '/', 'http://localhost');
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  if (tokens !== undefined && !tokens.has(token)) return status(401, 'Unauthorized', 'Unauthorized');
  const match = path.exec(pathname);
  if (match === null) return status(404, 'NotFound', 'the server could not find the requested resource');
  if (request.method !== 'GET') return status(405, 'MethodNotAllowed', 'only GET is served here');
  const matches = labelSelector(parameters.get('labelSelector') ?? '');
  if (matches === undefined) {
    const message = 'unable to parse requirement: only equalities are served here';
    return status(400, 'BadRequest', message);
  }
  const verb = isTrue(parameters.get('watch')) ? 'watch' : 'list';
  return { verb, namespace: match[1], matches, parameters };
}

/** The words of a real server for a right that is missing. */
export function forbidden({ verb, namespace }: SliceQuery): Refusal {
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const user = 'User "system:serviceaccount:default:default"';
  const message =
    `endpointslices.discovery.k8s.io is forbidden: ${user} cannot ${verb} resource "endpointslices" ` +
    `in API group "discovery.k8s.io" ${where}`;
  return status(403, 'Forbidden', message, { group: 'discovery.k8s.io', kind: 'endpointslices' });
}
