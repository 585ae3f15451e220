import { HeaderBlock, withoutBlanks, type HeaderField } from '@evenly/http2';
import { isClaim } from './client-claims.ts';
import { normalPath, type PathRules } from './normal-path.ts';

export interface AdmissionRules {
  paths: PathRules;
  /** What the client says for others is kept. */
  trusted: boolean;
}

/** A request as it is routed and passed on; or why it is refused. */
export type Admitted = { request: HeaderBlock; problem: undefined } | { request: undefined; problem: string };

/**
 * What of a request counts. It is routed and passed on in this one form, so that no rule can be gone round by writing the
 * same thing otherwise:
 *
 * - values without the blanks around them (RFC 9113 §8.2.1; gRPC over HTTP/2, "ASCII-Value")
 * - `:authority` and no `host`, whichever of them came (RFC 9113 §8.3.1)
 * - the path normalized
 * - without what only a proxy of ours may say
 */
export function admitRequest(block: HeaderBlock, { paths, trusted }: AdmissionRules): Admitted {
  const { path, authority } = block.asRequest();
  const { target, problem } = normalPath(path, paths);
  if (problem !== undefined) return { request: undefined, problem: `the path ${problem}` };
  const isPlain =
    target === path &&
    block.fields.every(
      ({ name, value }) =>
        value === withoutBlanks(value) &&
        name !== 'host' &&
        (trusted || !isClaim(name)) &&
        !isEmptyAuthority(name, value),
    );
  if (isPlain) return { request: block, problem: undefined };
  const given = block.fields.filter(
    ({ name, value }) => name !== 'host' && (trusted || !isClaim(name)) && !isEmptyAuthority(name, value),
  );
  const pseudo = given
    .filter(({ name }) => name.startsWith(':'))
    .map((one) => (one.name === ':path' ? { ...one, value: target } : one));
  if (authority !== '' && !pseudo.some(({ name }) => name === ':authority')) {
    pseudo.push({ name: ':authority', value: authority, sensitive: false });
  }
  const fields = [...pseudo, ...given.filter(({ name }) => !name.startsWith(':')).map(trimmed)];
  return { request: blockOf(fields, block.reusable), problem: undefined };
}

/** Request trailers: nothing in them may pass for what the proxy says in headers (RFC 9110 §6.5.1). */
export function admitTrailers(block: HeaderBlock, { trusted }: Pick<AdmissionRules, 'trusted'>): HeaderBlock {
  const fields = block.fields.filter(({ name }) => !headersOnly.has(name) && (trusted || !isClaim(name)));
  return blockOf(fields.map(trimmed), block.reusable);
}

/** They say how a message is framed or where it goes. */
const headersOnly: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'te',
  'trailer',
  'via',
  'max-forwards',
]);

/** `:authority` without a value is none (RFC 9113 §8.3.1). */
const isEmptyAuthority = (name: string, value: string) => name === ':authority' && value === '';

function trimmed(one: HeaderField): HeaderField {
  const value = withoutBlanks(one.value);
  return value === one.value ? one : { ...one, value };
}

function blockOf(fields: readonly HeaderField[], reusable: boolean): HeaderBlock {
  const listBytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
  return new HeaderBlock(fields, listBytes, reusable);
}
