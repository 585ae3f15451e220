/**
 * The beginning of a text, at most so many characters, in memory of its own: a slice keeps all of the text that it is
 * from, which may be a message's length.
 */
export const cut = (text: string, maxLength: number): string =>
  text.length <= maxLength ? text : Buffer.from(text.slice(0, maxLength)).toString();
