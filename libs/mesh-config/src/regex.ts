import { RE2JS } from 're2js';

/**
 * RE2's syntax is what Envoy and gRPC clients take, and it matches in linear time. re2js is RE2 in plain JavaScript, so
 * a pattern that compiles here compiles there.
 */

/** @returns why the pattern does not compile, if so */
export function regexFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, '');
  }
}

/** Whether a pattern that compiles matches the whole of a text. */
export function regexMatcher(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matches(text);
}
