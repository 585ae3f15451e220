import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpointsFile } from './endpoints.mjs';
import { Talker } from './processes.mjs';

const here = (path) => new URL(path, import.meta.url).pathname;

/**
 * A server under test: its process and port, `change` to give its first endpoint another address, and `stop`.
 * Ours is the whole program, and the endpoints come as its users' do: from a file that it watches, reads and checks. The
 * peers are told on their standard input.
 */
export const arms = {
  evenly: (endpoints, options = []) => evenly(endpoints, options),
  linear: (endpoints) => goControlPlane('linear', endpoints),
  snapshot: (endpoints) => goControlPlane('snapshot', endpoints),
};

export const armNames = {
  evenly: 'Evenly xds-server',
  linear: 'go-control-plane LinearCache',
  snapshot: 'go-control-plane SnapshotCache',
};

/** $XDS_SERVER: the main.js of another build, to compare the two. */
const xdsServer = process.env.XDS_SERVER ?? here('../../apps/xds-server/dist/main.js');
/** Options for node, such as `--cpu-prof`, from $NODE_ARGS. */
const nodeArgs = process.env.NODE_ARGS?.split(' ') ?? [];

/** The built xds-server with these options, on any free port. */
export async function startXdsServer(options, main = xdsServer) {
  const address = ['--host', '127.0.0.1', '--port', '0', '--exit-with-parent'];
  const server = new Talker('xds-server', process.execPath, [...nodeArgs, main, ...options, ...address]);
  const { port } = await server.event('listening', 'xds');
  return { process: server, port, versions: {} };
}

async function evenly(endpoints, options) {
  const directory = await mkdtemp(join(tmpdir(), 'evenly-bench-xds-'));
  const file = join(directory, 'endpoints.json');
  await writeFile(file, endpointsFile(endpoints));
  await copyFile(here('fanout.yaml'), join(directory, 'fanout.yaml'));
  const server = await startXdsServer(['--config', join(directory, 'fanout.yaml'), ...options]);
  return {
    ...server,
    change: async (address) => {
      // Renamed into place, so that no half-written file is read.
      await writeFile(`${file}.new`, endpointsFile(endpoints, address));
      await rename(`${file}.new`, file);
    },
    stop: async () => {
      await server.process.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function goControlPlane(cache, endpoints) {
  const args = ['-cache', cache, '-endpoints', String(endpoints)];
  const server = new Talker(`go-control-plane ${cache}`, here('go/bin/peer'), args);
  const { port, versions } = await server.event('listening');
  return {
    process: server,
    port,
    versions,
    change: async (address) => server.say(address),
    stop: () => server.stop(),
  };
}
