import { vi } from 'vitest';

/** Tries until it holds (or throws what it threw last), for states that no event announces. */
export function eventually<T>(attempt: () => T | Promise<T>, deadlineMs = 25_000): Promise<T> {
  return vi.waitFor(attempt, { timeout: deadlineMs, interval: 50 });
}

/** True while a process of that id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
