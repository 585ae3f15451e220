import { readFile, readdir, readlink } from 'node:fs/promises';

/** Linux counts CPU time in hundredths of a second, on every platform that Node runs on. */
const ticksPerSecond = 100;

/** CPU time that a process has used, in microseconds; undefined where the system has no /proc, or it is gone. */
export async function cpuUs(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The program's name is in parentheses, and may itself have some, and spaces.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

const established = '01';

/** How many connections a process holds to one of these ports; undefined where the system has no /proc. */
export async function connectionsTo(pid: number, ports: ReadonlySet<number>): Promise<number | undefined> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => undefined);
  if (descriptors === undefined) return undefined;
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const mine = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  let found = 0;
  for (const table of ['tcp', 'tcp6']) {
    const rows = (await readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')).split('\n').slice(1);
    for (const row of rows) {
      const [, , remote = '', state, , , , , , inode = ''] = row.trim().split(/\s+/);
      const port = parseInt(remote.slice(remote.lastIndexOf(':') + 1), 16);
      if (state === established && mine.has(inode) && ports.has(port)) found++;
    }
  }
  return found;
}
