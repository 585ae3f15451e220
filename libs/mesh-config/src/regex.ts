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

/** Whether a pattern matches the whole of a text; for patterns of a config that was read. */
export function regexMatches(pattern: string, text: string): boolean {
  return RE2JS.compile(pattern).matches(text);
}
