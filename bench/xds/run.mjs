// The fan-out of our xds-server beside go-control-plane's: `npm run bench:xds`, see README.md.
//   node bench/xds/run.mjs [fanout | soak | kubernetes | few | cluster | ready] [--save] [--rounds N] [--arms a,b] [--loads a,b] [--sizes 1000x100,…]
// --save keeps the result: JSON in bench/results, the table in README.md.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { cluster } from './cluster.mjs';
import { fanOut } from './fan-out.mjs';
import { few } from './few.mjs';
import { kubernetes } from './kubernetes.mjs';
import { ready } from './ready.mjs';
import { soak } from './soak.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    save: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    arms: { type: 'string' },
    loads: { type: 'string' },
    sizes: { type: 'string', default: '1000x100,1000x1000,5000x100' },
    pushes: { type: 'string' },
    before: { type: 'string' },
    minutes: { type: 'string' },
    clients: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const benches = { fanout: fanOut, soak, kubernetes, few, cluster, ready };
const [name = 'fanout'] = positionals;
const bench = benches[name];
if (bench === undefined) throw new Error(`no bench "${name}"; there are ${Object.keys(benches).join(', ')}`);

execFileSync('go', ['build', '-o', 'bin/', './...'], {
  cwd: new URL('go', import.meta.url),
  stdio: 'inherit',
});
await bench({
  save: values.save,
  rounds: Number(values.rounds),
  arms: values.arms?.split(','),
  loads: values.loads?.split(','),
  minutes: values.minutes === undefined ? undefined : Number(values.minutes),
  clients: values.clients === undefined ? undefined : Number(values.clients),
  keep: values.keep,
  sizes: values.sizes.split(',').map((size) => {
    const [clients, endpoints] = size.split('x').map(Number);
    return { clients, endpoints };
  }),
  pushes: values.pushes === undefined ? undefined : Number(values.pushes),
  before: values.before,
});
