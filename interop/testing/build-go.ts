import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const interop = fileURLToPath(new URL('..', import.meta.url));

/** Builds the foreign programs from their Go modules (versions in go.mod) into interop/bin, before any test. */
export default function setup(): void {
  const packages = ['./grpc-go', 'github.com/fullstorydev/grpcurl/cmd/grpcurl'];
  execFileSync('go', ['build', '-o', 'bin/', ...packages], { cwd: interop, stdio: 'inherit' });
}
