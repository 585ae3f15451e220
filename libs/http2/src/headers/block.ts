import { Http2UsageError } from '../errors.ts';
import type { HeaderField } from './field.ts';
import { checkRequest, checkResponse, checkTrailers, fieldProblem, type HeaderFacts } from './validate.ts';

/** What a block is to be checked as: `informational` is a response with a status of 1xx. */
export type HeaderKind = 'request' | 'response' | 'informational' | 'trailers';

/**
 * A decoded header list. Immutable, and shared: the same bytes on the same connection give the same object, so
 * its identity is a key (the encoder uses it), and `attachment` is a place for what a caller worked out from it.
 */
export class HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Names, values and 32 per field (RFC 9113 §6.5.2), bytes. */
  readonly listBytes: number;
  /** Worth remembering: it came more than once, or the caller means to send it often. */
  readonly reusable: boolean;
  /** For the application: e.g. the route chosen and the block to send upstream. Lives as long as the block. */
  attachment: unknown = undefined;
  private requestFacts: HeaderFacts | undefined;
  private responseFacts: HeaderFacts | undefined;
  private trailerFacts: HeaderFacts | undefined;

  constructor(fields: readonly HeaderField[], listBytes: number, reusable: boolean) {
    this.fields = fields;
    this.listBytes = listBytes;
    this.reusable = reusable;
  }

  /**
   * What it takes in memory, bytes. Beyond RFC 9113's count of a field V8 has an object of three fields, a slot in the list
   * and two strings with a head each; strings that several fields share count for each of them.
   */
  get memoryBytes(): number {
    return this.listBytes + this.fields.length * 64;
  }

  /** Checked once as a request (RFC 9113 §8.3.1); `problem` says why it is malformed. */
  asRequest(): HeaderFacts {
    return (this.requestFacts ??= checkRequest(this.fields));
  }

  /** Checked once as a response (RFC 9113 §8.3.2). */
  asResponse(): HeaderFacts {
    return (this.responseFacts ??= checkResponse(this.fields));
  }

  /** Checked once as trailers (RFC 9113 §8.1). */
  asTrailers(): HeaderFacts {
    return (this.trailerFacts ??= checkTrailers(this.fields));
  }

  /** The first value of `name` (lower-case), or undefined. */
  get(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value;
    return undefined;
  }
}

/** `[name, value]`, or `[name, value, 'sensitive']` for a field that no hop may index. */
export type HeaderInput = readonly [name: string, value: string, sensitive?: 'sensitive'];

export interface HeaderListOptions {
  /** Remember its encoding on every connection that sends it: for blocks that are sent again and again. */
  readonly reusable?: boolean;
}

/**
 * A header list of the application's own. Pseudo-header fields come first.
 * @throws Http2UsageError for a name or value that HTTP/2 cannot carry
 */
export function headerList(inputs: Iterable<HeaderInput>, options: HeaderListOptions = {}): HeaderBlock {
  const fields: HeaderField[] = [];
  let listBytes = 0;
  for (const [name, value, sensitive] of inputs) {
    const field = { name, value, sensitive: sensitive !== undefined };
    const problem = fieldProblem(field);
    if (problem !== undefined) throw new Http2UsageError(problem);
    fields.push(field);
    listBytes += name.length + value.length + 32;
  }
  return new HeaderBlock(fields, listBytes, options.reusable ?? false);
}
