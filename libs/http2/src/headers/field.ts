/** One header field. Names are lower-case; values are octets as latin1 text. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** Never indexed by any hop (RFC 7541 §6.2.3). */
  readonly sensitive: boolean;
}
