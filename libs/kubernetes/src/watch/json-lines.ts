import { DiscoveryError } from '@evenly/endpoints';
import { parseJson } from '@evenly/endpoints/http';

/** The longest event that is taken; an EndpointSlice of the largest size (1000 endpoints) has a quarter of it. */
const maxLineBytes = 4 * 1024 * 1024;
const newline = 0x0a;

/** Cuts a stream of bytes into lines of JSON. Without I/O. */
export class JsonLines {
  #parts: Buffer[] = [];
  #bytes = 0;

  /**
   * @returns the values of the lines that this chunk ends
   * @throws DiscoveryError INVALID for a line that is no JSON or longer than 4 MiB
   */
  push(chunk: Buffer): unknown[] {
    const values: unknown[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      const line = this.#take();
      if (line.trim() !== '') values.push(parseJson(line, 'the API server'));
    }
    this.#keep(chunk.subarray(start));
    return values;
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > maxLineBytes)
      throw new DiscoveryError('INVALID', `a line of the watch has more than ${maxLineBytes} bytes`);
    if (part.length > 0) this.#parts.push(part);
  }

  #take(): string {
    const line = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}
