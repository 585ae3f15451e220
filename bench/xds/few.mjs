import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startXdsServer } from './arms.mjs';
import { endpoints, endpointsFile } from './endpoints.mjs';
import { measure } from './measure.mjs';
import { machineFacts, markdown, plain, save } from './report.mjs';
import { spread } from './statistics.mjs';

const size = { clients: 1000, services: 1000, each: 20, endpoints: 10 };
/**
 * One after the other without a pause: what the process does anyway (keepalive of 1000 connections) weighs little then.
 * 500 changes for 20 clients warm it up as much as 10 for all of them.
 */
const plan = { minPushes: 1000, maxPushes: 1000, budgetMs: 0, pauseMs: 0, warmUp: 500 };

/** A change that few ask for: of 1000 services one changes, and 20 of 1000 clients have it among their 20. */
export async function few({ rounds, before, save: keep }) {
  const machine = machineFacts();
  const builds = { now: undefined, ...(before === undefined ? {} : { before }) };
  const cells = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [build, main] of Object.entries(builds)) {
      const loadOptions = ['-service', 'srv', '-services', String(size.services), '-each', String(size.each)];
      const figures = await measure(await serverOf(main), { clients: size.clients, loadOptions }, plan);
      const cpuPerPush = figures.cpuMicros * size.clients;
      cells.push({ round, build, ...size, ...figures, cpuPerPush });
      console.log(`round ${round}: ${build}: ${cpuPerPush.toFixed(0)} µs per change`);
    }
  }
  const header = [
    'clients × services',
    'build',
    'CPU µs per change',
    'p50 ms to last ACK',
    'RSS KB per stream',
  ];
  const rows = Object.keys(builds).map((build) => {
    const over = (field, unit = 1) => {
      const own = cells.filter((cell) => cell.build === build);
      const { median, min, max } = spread(own.map((cell) => cell[field] / unit));
      return `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`;
    };
    const name = `${size.clients} × ${size.services}, ${size.each} each`;
    return [name, build, over('cpuPerPush'), over('p50Ms'), over('rssPerStreamBytes', 1024)];
  });
  console.log(`\n${plain({ header, rows })}`);
  if (keep) save('few', { machine, rounds: cells }, markdown({ header, rows }));
}

/** The xds-server with the services; the first one's endpoints are in a file, those of the others in the config. */
async function serverOf(main) {
  const directory = await mkdtemp(join(tmpdir(), 'evenly-bench-xds-'));
  const file = join(directory, 'endpoints.json');
  await writeFile(file, endpointsFile(size.endpoints));
  const addresses = endpoints(size.endpoints).map(({ address, port }) => `${address}:${port}`);
  const names = Array.from({ length: size.services }, (_, index) => `srv-${index}`);
  const source = (index) =>
    index === 0 ? { file: { path: 'endpoints.json' } } : { static: { endpoints: addresses } };
  const config = {
    services: Object.fromEntries(names.map((name, index) => [name, { source: source(index) }])),
    routes: names.map((service) => ({ match: { authority: service }, to: [{ service }] })),
  };
  await writeFile(join(directory, 'mesh.yaml'), JSON.stringify(config));
  const server = await startXdsServer(['--config', join(directory, 'mesh.yaml'), '--coalesce', '0ms'], main);
  return {
    ...server,
    change: async (address) => {
      await writeFile(`${file}.new`, endpointsFile(size.endpoints, address));
      await rename(`${file}.new`, file);
    },
    stop: async () => {
      await server.process.stop();
      await rm(directory, { recursive: true });
    },
  };
}
