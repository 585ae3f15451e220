import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { machineFacts, markdown, plain } from '../xds/report.mjs';
import { spread } from '../xds/statistics.mjs';
import { chart } from './chart.mjs';

const names = {
  'l7-proxy': 'Evenly l7-proxy',
  before: 'Evenly, the other checkout',
  haproxy: 'HAProxy',
  nginx: 'nginx',
  envoy: 'Envoy',
  pingora: 'pingora',
  'node-http2': 'node:http2',
  forwarder: 'bare forwarder',
};

/** What must be reached: at most so many times the peer's median CPU per call. */
const goals = [
  ['10×10', 'envoy', 0.45],
  ['10×10', 'haproxy', 0.85],
  ['4×64', 'envoy', 0.3],
  ['4×64', 'haproxy', 0.6],
  ['50×1', 'envoy', 0.65],
  ['50×1', 'haproxy', 1],
  ['1×1', 'envoy', 1],
  ['10×10, 64 KiB', 'envoy', 1],
  ['50×1 TLS', 'haproxy', 0.75],
  ['10/s', 'haproxy', 1.2],
  ['10/s', 'envoy', 0.5],
  ['100/s', 'haproxy', 1.2],
  ['100/s', 'envoy', 0.5],
  ['200/s', 'haproxy', 1.1],
  ['1000/s', 'haproxy', 1.1],
  ['new TLS connections', 'haproxy', 1.5],
  ['new TLS connections, resumed', 'haproxy', 1.5],
];
/** And so many times what it was in the other checkout. */
const mostOfBefore = 1.03;
const mostRssMiB = 120;
const mostIdleMicros = 300;
const mostForIdleConnectionsMiB = 30;

const range = ({ median, min, max }, digits) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;

function tables({ samples, peakRssMiB, versions }, of) {
  const arms = Object.keys(peakRssMiB);
  const all = [...new Set(samples.map(({ load }) => load))];
  const closed = all.filter((load) => !['open loop', 'idle connections'].includes(load));
  const header = ['load', ...arms.map((arm) => `${names[arm]} ${versions[arm]}`)];
  const row = (title, load, field, digits) => [
    title,
    ...arms.map((arm) => range(of(load, arm, field), digits)),
  ];
  const cpu = { header, rows: closed.map((load) => row(load, load, 'micros', 1)) };
  const waits = { header, rows: closed.map((load) => row(load, load, 'waits', 2)) };
  const paced = (load) => load === 'idle' || load.endsWith('/s');
  const rate = {
    header,
    rows: closed.filter((load) => !paced(load)).map((load) => row(load, load, 'callsPerSecond', 0)),
  };
  const open = samples.some(({ load }) => load === 'open loop');
  const latency = open
    ? [
        row('p50 ms', 'open loop', 'p50Ms', 2),
        row('p99 ms', 'open loop', 'p99Ms', 2),
        row('failed calls', 'open loop', 'failed', 0),
      ]
    : [];
  const idle = all.includes('idle connections')
    ? [row('5,000 idle connections, MiB', 'idle connections', 'mebibytes', 0)]
    : [];
  const rss = ['peak RSS, MiB', ...arms.map((arm) => String(peakRssMiB[arm]))];
  return { cpu, waits, rate, other: { header: ['', ...header.slice(1)], rows: [...latency, rss, ...idle] } };
}

/** What each arm's calls are made of: system calls, of these reads, writes and waits; and KB on V8's heap. */
function whys({ reasons, peakRssMiB }) {
  const arms = Object.keys(peakRssMiB).filter((arm) => reasons.some((one) => one.arm === arm));
  const cell = ({ all, reads, writes, waits, bytes }) =>
    `${all.toFixed(2)} = ${[reads, writes, waits].map((count) => count.toFixed(2)).join(' + ')}` +
    ` + ${Math.max(0, all - reads - writes - waits).toFixed(2)}` +
    (bytes === undefined ? '' : `; ${(bytes / 1000).toFixed(1)} KB`);
  const loads = [...new Set(reasons.map(({ load }) => load))];
  const rows = loads.map((load) => [
    load,
    ...arms.map((arm) => cell(reasons.find((one) => one.load === load && one.arm === arm))),
  ]);
  return { header: ['load', ...arms.map((arm) => names[arm])], rows };
}

const whysTitle =
  'System calls per call = reads + writes + waits + others; KB that Node programs allocate on the heap per call:';

/** A row for each goal, with what was reached. */
function reached({ samples, peakRssMiB }, of) {
  const has = (load, arm) => samples.some((one) => one.load === load && one.arm === arm);
  const rows = [];
  const add = (what, value, most, digits = 2) =>
    rows.push([what, `≤ ${most}`, value.toFixed(digits), value <= most ? 'yes' : 'NO']);
  for (const [load, peer, most] of goals) {
    if (!has(load, 'l7-proxy') || !has(load, peer)) continue;
    const ratio = of(load, 'l7-proxy', 'micros').median / of(load, peer, 'micros').median;
    add(`CPU at ${load}, × ${names[peer]}`, ratio, most);
  }
  if (has('open loop', 'l7-proxy') && has('open loop', 'envoy')) {
    const ratio = of('open loop', 'l7-proxy', 'p99Ms').median / of('open loop', 'envoy', 'p99Ms').median;
    add('p99 at 3,000 calls/s, × Envoy', ratio, 1);
  }
  if (has('idle', 'l7-proxy')) {
    const micros = of('idle', 'l7-proxy', 'micros').median;
    add('CPU µs per second, idle', micros, mostIdleMicros, 0);
  }
  if (has('idle connections', 'l7-proxy')) {
    const mebibytes = of('idle connections', 'l7-proxy', 'mebibytes').median;
    add('5,000 idle connections, MiB', mebibytes, mostForIdleConnectionsMiB, 0);
  }
  if (peakRssMiB['l7-proxy'] !== undefined) add('peak RSS, MiB', peakRssMiB['l7-proxy'], mostRssMiB, 0);
  return { header: ['what', 'goal', 'measured', 'reached'], rows };
}

/** Ours by the other checkout's, within a round, for the machine is not the same from round to round. */
function besideBefore({ samples }) {
  const rows = [...new Set(samples.map(({ load }) => load))].flatMap((load) => {
    const [now, before] = ['l7-proxy', 'before'].map((arm) =>
      samples.filter((one) => one.load === load && one.arm === arm && one.micros !== undefined),
    );
    if (now.length === 0 || before.length !== now.length) return [];
    const ratios = now.map(({ micros }, index) => micros / before[index].micros);
    const middle = [now, before].map((arm) => spread(arm.map(({ micros }) => micros)));
    const ratio = spread(ratios);
    return [
      [
        load,
        ...middle.map((one) => range(one, 1)),
        range(ratio, 3),
        ratio.median <= mostOfBefore ? 'yes' : 'NO',
      ],
    ];
  });
  return {
    header: ['CPU µs per call', 'here', 'other checkout', 'ratio within a round', `≤ ${mostOfBefore}`],
    rows,
  };
}

export function print(result, of) {
  const { cpu, waits, rate, other } = tables(result, of);
  console.log(
    `\nCPU µs per call (or message), median of ${result.rounds} rounds (least–most)\n${plain(cpu)}`,
  );
  console.log(`\nwaits of its threads per call (voluntary context switches)\n${plain(waits)}`);
  console.log(`\ncalls (or messages) per second\n${plain(rate)}`);
  console.log(`\nopen loop, 3,000 calls/s; memory\n${plain(other)}`);
  console.log(`\n${plain(reached(result, of))}`);
  if (result.reasons.length > 0) console.log(`\n${whysTitle}\n${plain(whys(result))}`);
  const pairs = besideBefore(result);
  if (pairs.rows.length > 0) console.log(`\n${plain(pairs)}`);
}

/** JSON beside the other results, the tables between the marks of the README, and the chart. */
export async function save(result, of) {
  const file = (path) => new URL(path, import.meta.url);
  const machine = machineFacts();
  mkdirSync(file('../results/'), { recursive: true });
  const medians = tables(result, of);
  writeFileSync(file('../results/proxy.json'), `${JSON.stringify({ machine, ...result }, undefined, 1)}\n`);
  writeFileSync(file('proxy.svg'), chart(result, of, names));
  const text = [
    `${machine.date.slice(0, 10)}, commit ${machine.commit}, ${machine.cores} shared cores (${machine.cpu}), ` +
      `${machine.kernel}, Node ${machine.node}; medians of ${result.rounds} rounds (least–most).`,
    '![CPU per call by load and proxy](proxy.svg)',
    'CPU µs of the proxy process per call (per message for streams, per second where it is idle):',
    markdown(medians.cpu),
    'How often the threads of the process waited, per call (voluntary context switches):',
    markdown(medians.waits),
    'Calls (or messages) per second in the closed loop:',
    markdown(medians.rate),
    'Open loop at 3,000 calls/s, and memory over all loads:',
    markdown(medians.other),
    ...(result.reasons.length > 0 ? [whysTitle, markdown(whys(result))] : []),
    'What had to be reached:',
    markdown(reached(result, of)),
  ].join('\n\n');
  const readme = readFileSync(file('README.md'), 'utf8');
  const [begin, end] = ['<!-- figures -->', '<!-- /figures -->'];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error('README.md has no place for the figures');
  writeFileSync(
    file('README.md'),
    `${readme.slice(0, from + begin.length)}\n\n${text}\n\n${readme.slice(to)}`,
  );
  const written = [file('README.md'), file('../results/proxy.json')].map(({ pathname }) => pathname);
  execFileSync('npx', ['prettier', '--write', ...written], { stdio: 'ignore' });
}
