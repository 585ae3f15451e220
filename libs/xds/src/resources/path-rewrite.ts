import type { PathChange, PathMatch } from '@evenly/mesh-config';
import type { RegexMatchAndSubstitute } from '@evenly/proto/envoy/type/matcher/v3/regex';
import { regexMatcher } from './route-match.ts';

/** How xDS says that another path is asked for. */
export type PathRewrite =
  | { kind: 'full'; value: string }
  | { kind: 'prefix'; value: string }
  | { kind: 'regex'; pattern: string; substitution: string };

/**
 * Envoy puts what is said in the place of a prefix, letter by letter. Where that would leave two slashes, or none, a regular
 * expression says what the model means: there is one slash between what is new and what is left.
 */
export function pathRewrite(
  { kind, value }: PathChange,
  { kind: matched, value: prefix }: PathMatch,
): PathRewrite {
  if (kind === 'full') return { kind, value };
  if (matched === 'prefix' && prefix === '') return { kind, value: value.replace(/\/$/, '') };
  const isWhole = matched === 'segments' && value.endsWith('/');
  if (!isWhole && value !== '') return { kind, value };
  return { kind: 'regex', pattern: `^${escapedRegex(prefix)}/?`, substitution: value === '' ? '/' : value };
}

/** The other way round. @returns undefined for what the model cannot say */
export function pathChangeOf(rewrite: PathRewrite, match: PathMatch): PathChange | undefined {
  if (rewrite.kind !== 'regex') return { kind: rewrite.kind, value: rewrite.value };
  const { pattern, substitution } = rewrite;
  if (pattern === wholePath) return { kind: 'full', value: substitution };
  return pattern === `^${escapedRegex(match.value)}/?` ? { kind: 'prefix', value: substitution } : undefined;
}

/** Of a path without its query. */
const wholePath = '^/.*';

/** In a substitution of RE2 a backslash begins the number of a group. */
export const substitute = (pattern: string, text: string): RegexMatchAndSubstitute => ({
  pattern: regexMatcher(pattern),
  substitution: text.replaceAll('\\', '\\\\'),
});

/** The same for a whole path, where the message has no other word for it. */
export const substituteAll = (path: string): RegexMatchAndSubstitute => substitute(wholePath, path);

/** @returns undefined: groups are put in */
export function readSubstitution({
  pattern,
  substitution,
}: RegexMatchAndSubstitute): PathRewrite | undefined {
  if (/\\(?!\\)/.test(substitution.replaceAll('\\\\', ''))) return undefined;
  return {
    kind: 'regex',
    pattern: pattern?.regex ?? '',
    substitution: substitution.replaceAll('\\\\', '\\'),
  };
}

/** A text as a regular expression of RE2 that holds for nothing else. */
export const escapedRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
