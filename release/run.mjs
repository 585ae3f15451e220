// npm run release: the next version of all projects and of the chart, its changelog, a commit and a tag. With --dry-run it
// only says what it would do.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { root } from './libraries.mjs';

const args = process.argv.slice(2);
const folder = `${root}.nx/version-plans`;
const plans = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : [];
if (plans.length === 0) {
  // Nx would say nothing of it and succeed.
  process.stderr.write(
    'release: nothing to release, for there is no version plan in .nx/version-plans. `npx nx release plan` writes one.\n',
  );
  process.exit(args.includes('--dry-run') ? 0 : 1);
}
const { status } = spawnSync('npx', ['--no-install', 'nx', 'release', '--skip-publish', ...args], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
