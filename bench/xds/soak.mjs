import { arms } from './arms.mjs';
import { measure } from './measure.mjs';
import { rssBytes } from './processes.mjs';
import { machineFacts, markdown, plain, save } from './report.mjs';

/**
 * Whether memory stays flat: our server's RSS over 10,000 pushes to the clients of the first size, ten times on the way.
 * No change waits for another, on either side: it is about what is left behind, not about time.
 */
export async function soak({ pushes = 10_000, sizes: [size], save: keep }) {
  const machine = machineFacts();
  const samples = [];
  const step = Math.max(1, Math.floor(pushes / 10));
  const onPush = (done, pid) => {
    if (done % step !== 0) return;
    samples.push({ pushes: done, rssBytes: rssBytes(pid) });
    console.log(`${done} pushes: ${(rssBytes(pid) / 2 ** 20).toFixed(0)} MiB`);
  };
  const plan = { minPushes: pushes, maxPushes: pushes, budgetMs: 0, pauseMs: 0, onPush };
  const server = await arms.evenly(size.endpoints, ['--coalesce', '0ms']);
  const figures = await measure(server, size, plan);

  const header = ['clients × endpoints', 'pushes', 'RSS MiB', 'KB per stream'];
  const perStream = (bytes) => (bytes - figures.rssIdleBytes) / size.clients / 1024;
  const rows = samples.map(({ pushes: done, rssBytes: bytes }) => [
    `${size.clients} × ${size.endpoints}`,
    String(done),
    (bytes / 2 ** 20).toFixed(0),
    perStream(bytes).toFixed(0),
  ]);
  console.log(`\n${plain({ header, rows })}`);
  if (keep) save('soak', { machine, ...size, ...figures, samples }, markdown({ header, rows }));
}
