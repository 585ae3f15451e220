import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const timeoutMs = 45_000;

/** Runs one of the programs of interop/bin. @returns its standard output. @throws with its standard error */
export async function foreign(
  name: 'grpcurl' | 'grpc-go',
  args: readonly string[],
  env = {},
): Promise<string> {
  const file = fileURLToPath(new URL(`../bin/${name}`, import.meta.url));
  const { stdout } = await run(file, args, { timeout: timeoutMs, env: { ...process.env, ...env } });
  return stdout;
}
