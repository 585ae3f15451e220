/** How the paths of a listener's requests are read. */
export interface PathRules {
  /** False: paths are matched and passed on as they came. */
  normalize: boolean;
  /** What is done about `%2F`, `%5C` and `\`, of which two hops can think differently. */
  encodedSlashes: 'refuse' | 'keep';
}

/** What to match and to pass on; or why the request is refused. */
export type NormalPath = { target: string; problem: undefined } | { target: undefined; problem: string };

/** `/package.Service/Method`: nothing in it can be written otherwise, and nearly all paths are like that. */
const methodPath = /^\/[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/;
/** RFC 3986 §2.3. */
const unreserved = /^[A-Za-z0-9._~-]$/;

/**
 * A `:path` with its path normalized, so that one resource has one path (RFC 3986 §6.2.2): octets that need no
 * percent-encoding are decoded and those that do are encoded, dot segments are removed (§5.2.4), and slashes in a row are
 * one. The query stays as it is. Done once: `%2561` is no "a".
 */
export function normalPath(target: string, { normalize, encodedSlashes }: PathRules): NormalPath {
  if (!normalize || methodPath.test(target) || target === '*') return { target, problem: undefined };
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  const problem = problemOf(path, encodedSlashes);
  if (problem !== undefined) return { target: undefined, problem };
  const normal = mergeSlashes(removeDotSegments(normalEncoding(path)));
  return { target: query < 0 ? normal : normal + target.slice(query), problem: undefined };
}

function problemOf(path: string, encodedSlashes: PathRules['encodedSlashes']): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return 'has a "%" that encodes nothing';
  if (path.includes('%00')) return 'has an encoded NUL';
  if (encodedSlashes === 'refuse' && /\\|%(?:2f|5c)/i.test(path)) {
    return 'has a backslash, or an encoded slash or backslash';
  }
  return undefined;
}

function normalEncoding(path: string): string {
  return path
    .replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
      const octet = String.fromCharCode(parseInt(encoded.slice(1), 16));
      return unreserved.test(octet) ? octet : encoded.toUpperCase();
    })
    .replace(/[\x80-\xff]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`);
}

function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  segments.forEach((segment, index) => {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.') return void kept.push(segment);
    if (isLast) kept.push(''); // what a dot segment ends with is a directory
  });
  return `/${kept.join('/')}`;
}

const mergeSlashes = (path: string) => path.replace(/\/{2,}/g, '/');
