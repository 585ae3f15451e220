import type { IncomingHttpHeaders } from 'node:http';
import { status, type ServedKind, type StoredObject } from './objects.ts';
import { labelSelector } from './selector.ts';

/** What is asked for. */
export interface ApiQuery {
  of: ServedKind;
  verb: 'list' | 'watch' | 'get';
  /** Absent: all namespaces. */
  namespace: string | undefined;
  /** Of the one object that is read. */
  name: string | undefined;
  matches: (object: StoredObject) => boolean;
  parameters: URLSearchParams;
}

/** An answer that is none of the things asked for: a `Status` and its HTTP code. */
export type Refusal = ReturnType<typeof status>;

const path = /^\/(?:api|apis)\/([^/]+(?:\/v\d[a-z\d]*)?)\/(?:namespaces\/([^/]+)\/)?([^/]+)(?:\/([^/]+))?$/;

/** True for the ways to write it in a query. */
export const isTrue = (text: string | null) => text === '1' || text === 'true';

/** Reads a request as the API server does. A pure function. @param kinds all that are served */
export function readRequest(
  request: { method?: string | undefined; url?: string | undefined; headers: IncomingHttpHeaders },
  tokens: ReadonlySet<string> | undefined,
  kinds: readonly ServedKind[],
): ApiQuery | Refusal {
  const { pathname, searchParams: parameters } = new URL(request.url ?? '/', 'http://localhost');
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  if (tokens !== undefined && !tokens.has(token)) return status(401, 'Unauthorized', 'Unauthorized');
  const match = path.exec(pathname);
  const of = kinds.find(({ apiVersion, plural }) => apiVersion === match?.[1] && plural === match[3]);
  if (match === null || of === undefined)
    return status(404, 'NotFound', 'the server could not find the requested resource');
  if (request.method !== 'GET') return status(405, 'MethodNotAllowed', 'only GET is served here');
  const matches = labelSelector(parameters.get('labelSelector') ?? '');
  if (matches === undefined) {
    const message = 'unable to parse requirement: only equalities are served here';
    return status(400, 'BadRequest', message);
  }
  const [, , namespace, , name] = match;
  const verb = name !== undefined ? 'get' : isTrue(parameters.get('watch')) ? 'watch' : 'list';
  return { of, verb, namespace, name, matches, parameters };
}

/** The words of a real server for a right that is missing. */
export function forbidden({ of, verb, namespace }: ApiQuery): Refusal {
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const user = 'User "system:serviceaccount:default:default"';
  const [group = ''] = of.apiVersion.includes('/') ? of.apiVersion.split('/') : [];
  const resource = group === '' ? of.plural : `${of.plural}.${group}`;
  const message = `${resource} is forbidden: ${user} cannot ${verb} resource "${of.plural}" in API group "${group}" ${where}`;
  return status(403, 'Forbidden', message, { group, kind: of.plural });
}
