import type { HeaderBlock } from '@evenly/http2';
import type { HeaderMatch, PathMatch } from '@evenly/mesh-config';
import { RE2JS } from 're2js';
import { normalAuthority } from './normal-authority.ts';

/** What routes look at, worked out once for each header block. */
export interface RequestFacts {
  /** Normalized, without its port. */
  host: string;
  /** Normalized. */
  authority: string;
  /** Without the query. */
  path: string;
  method: string;
  block: HeaderBlock;
}

export type TextTest = (text: string) => boolean;
export type RequestTest = (request: RequestFacts) => boolean;

/** Compiled once: a regular expression must not be read again for every call. */
export function textTest(match: PathMatch): TextTest {
  const { kind, value } = match;
  switch (kind) {
    case 'exact':
      return (text) => text === value;
    case 'prefix':
      return (text) => text.startsWith(value);
    case 'regex': {
      const pattern = RE2JS.compile(value);
      return (text) => pattern.matches(text);
    }
  }
}

/** As in Envoy and gRPC, a header that is not there fulfils nothing but `present` inverted. */
export function headerTest(match: HeaderMatch): RequestTest {
  const { name, invert } = match;
  if (match.kind === 'present') return ({ block }) => (headerValue(block, name) !== undefined) !== invert;
  const test = textTest(match);
  return ({ block }) => {
    const value = headerValue(block, name);
    return value !== undefined && test(value) !== invert;
  };
}

/** Values of several fields with one name count as one, joined by ",". */
export function headerValue(block: HeaderBlock, name: string): string | undefined {
  let joined: string | undefined;
  for (const field of block.fields) {
    if (field.name === name) joined = joined === undefined ? field.value : `${joined},${field.value}`;
  }
  return joined;
}

export function requestFacts(block: HeaderBlock): RequestFacts {
  const { authority: given, path: target, method } = block.asRequest();
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  const { host, authority } = normalAuthority(given);
  return { host, authority, path, method, block };
}
