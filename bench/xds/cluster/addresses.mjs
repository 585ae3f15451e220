import { execFileSync } from 'node:child_process';

const device = 'evenly-bench';

/** Addresses of this machine alone, on a device of their own, which takes root: an API server takes no loopback ones as endpoints. */
export class Addresses {
  constructor(count) {
    this.all = Array.from({ length: count }, (_, i) => `198.18.0.${i + 1}`); // RFC 2544: for benchmarks
    this.remove();
    // A bridge without ports: unlike a dummy, every kernel with containers has it.
    ip('link', 'add', device, 'type', 'bridge');
    for (const address of this.all) ip('address', 'add', `${address}/32`, 'dev', device);
    ip('link', 'set', device, 'up');
  }

  remove() {
    try {
      ip('link', 'delete', device);
    } catch {
      // it is not there
    }
  }
}

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
