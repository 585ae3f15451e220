/** The last lines of a program's output, for messages about it. Lines and their length are limited. */
export class LogTail {
  readonly #lines: string[] = [];
  readonly #maxLines: number;

  constructor(maxLines = 50) {
    this.#maxLines = maxLines;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#maxLines) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Indented, for the end of an error message; says so when there is nothing. */
  get text(): string {
    if (this.#lines.length === 0) return '  (it logged nothing)';
    return this.#lines.map((line) => `  ${line}`).join('\n');
  }
}

/**
 * Cuts a stream of text into lines. A line longer than `maxLength` characters is cut there and the rest of it dropped,
 * so that a program that never ends its line cannot fill the memory.
 * @returns a function to feed with chunks
 */
export function lineSplitter(onLine: (line: string) => void, maxLength = 4096): (chunk: string) => void {
  let pending = '';
  return (chunk) => {
    const parts = chunk.split('\n');
    for (const [index, part] of parts.entries()) {
      pending = (pending + part).slice(0, maxLength);
      if (index === parts.length - 1) return;
      onLine(pending.replace(/\r$/, ''));
      pending = '';
    }
  };
}
