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
    return this.#lines.map((line) => `  ${readableLine(line)}`).join('\n');
  }
}

/** `event`, and where something listens, are said by the message, too. */
const saidElsewhere = new Set(['time', 'level', 'msg', 'app', 'event', 'what', 'address', 'port']);

/** A line of a log in JSON as a person reads it: `09:30:01 warn: no endpoints (service be1-srv)`. Any other line is left alone. */
export function readableLine(line: string): string {
  const entry = logEntry(line);
  if (entry === undefined) return line;
  const { time, level, msg } = entry;
  const begin = [
    typeof time === 'string' ? time.slice(11, 19) : '',
    typeof level === 'string' ? `${level}:` : '',
  ];
  const fields = Object.entries(entry)
    .filter(([name]) => !saidElsewhere.has(name))
    .map(([name, value]) => `${name} ${fieldText(value)}`);
  const end = fields.length > 0 ? `(${fields.join(', ')})` : '';
  return printable([...begin, msg, end].filter((part) => part !== '').join(' '));
}

/** What JSON had escaped must not reach a terminal: a value may come from a peer, and move the cursor or begin a line. */
function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function logEntry(line: string): (Record<string, unknown> & { msg: string }) | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Record<string, unknown>;
    return typeof value.msg === 'string' ? { ...value, msg: value.msg } : undefined;
  } catch {
    return undefined; // cut, or no log at all
  }
}

/** Of an error its message: the stack is for those who ask for the log itself. */
function fieldText(value: unknown): string {
  if (typeof value === 'string') return value;
  const message = (value as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : JSON.stringify(value);
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
