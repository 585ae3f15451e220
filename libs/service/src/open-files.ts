import { readdirSync, readFileSync } from 'node:fs';

/**
 * Left to endpoints, the admin port, DNS and files, of what is free at the start: a quarter, and so many at least. A thread
 * that parses a config loads its modules, and node opens all that one imports at the same time.
 */
const leastReserve = 128;

export interface OpenFiles {
  /** What the process may have open; node raises it at its start to the hard limit. */
  limit: number;
  /** Of these, connections of clients. */
  forClients: number;
}

/** @returns undefined where the limit cannot be read (there is no /proc) */
export function openFiles(
  read = () => readFileSync('/proc/self/limits', 'utf8'),
  countOpen = () => readdirSync('/proc/self/fd').length,
): OpenFiles | undefined {
  let limit: number;
  let open: number;
  try {
    limit = Number(/^Max open files\s+(\d+)/m.exec(read())?.[1]);
    open = countOpen();
  } catch {
    return undefined;
  }
  if (!Number.isInteger(limit)) return undefined; // "unlimited"
  const free = limit - open;
  return { limit, forClients: Math.max(1, free - Math.max(leastReserve, Math.ceil(free / 4))) };
}
