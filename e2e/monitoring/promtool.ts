import { spawnSync } from 'node:child_process';

const path = process.env['PROMTOOL'];

/** Without Go there is none. */
export const hasPromtool = path !== undefined;

/** @returns what it says, and whether that is nothing bad */
export function promtool(args: readonly string[], input = ''): { ok: boolean; text: string } {
  const { status, stdout, stderr, error } = spawnSync(path!, args, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { ok: status === 0, text: stdout + stderr };
}
