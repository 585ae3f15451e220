// Loaded into the proxy: the CPU time of the main thread between two turns of a timer of 1 ms. Unlike a latency it does not
// depend on what else the machine does.
import { readFileSync } from 'node:fs';

const cpuMs = () =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
let last = cpuMs();
let longest = 0;
setInterval(() => {
  const now = cpuMs();
  longest = Math.max(longest, now - last);
  last = now;
}, 1).unref();
process.on('SIGUSR2', () => {
  console.log(JSON.stringify({ msg: 'turns', longest }));
  longest = 0;
});
