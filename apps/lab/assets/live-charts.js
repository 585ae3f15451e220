/* The charts of the live page, by what live.js knows. */
'use strict';

/* --- calls over time --- */

function drawCalls() {
  const now = latest().atMs;
  const rows = past.flatMap(({ atMs, edges }, i) => {
    const seconds = Math.max(0.2, i === 0 ? 1 : (atMs - (past[i - 1]?.atMs ?? atMs)) / 1000);
    const byPod = d3.rollup(
      edges.flatMap(({ pod, calls }) => (pod ? [{ pod, calls }] : [])),
      (list) => d3.sum(list, ({ calls }) => calls) / seconds,
      ({ pod }) => pod,
    );
    return [...byPod].map(([pod, calls]) => ({ x: (atMs - now) / 1000, pod, calls }));
  });
  const failed = past.flatMap(({ atMs, edges }) => {
    const count = d3.sum(edges, ({ failed }) => failed);
    return count > 0 ? [{ x: (atMs - now) / 1000, count }] : [];
  });
  sayHowWell();
  const pods = [...new Set(rows.map(({ pod }) => pod))].sort(byName);
  const xs = past.map(({ atMs }) => (atMs - now) / 1000);
  chart(at('calls'), `Calls a second by pod, over the last minute. Pods: ${pods.join(', ') || 'none'}.`, {
    height: 220,
    marginBottom: 36,
    x: {
      ...axisBelow('seconds ago'),
      domain: [-historySeconds, 0],
      tickFormat: Math.abs,
    },
    y: { label: 'calls/s', grid: true, nice: true, zero: true },
    marks: [
      Plot.areaY(stackedCalls(rows, xs), {
        x: 'x',
        y: 'calls',
        z: 'pod',
        order: 'z',
        fill: ({ pod }) => colourOf(pod),
      }),
      Plot.dot(failed, {
        x: 'x',
        y: 0,
        r: (row) => Math.min(8, 2 + row.count),
        fill: badColour,
        stroke: 'white',
      }),
      Plot.ruleY([0]),
    ],
  });
  at('legend').replaceChildren(legend(pods, colourOf));
}

/** Calls that the lab makes itself: of the others it does not know what became of them. */
const own = (/** @type {Edge} */ { from }) => from !== 'others';

function sayHowWell() {
  const edges = past.flatMap((second) => second.edges.filter(own));
  const [calls, failed] = [d3.sum(edges, (edge) => edge.calls), d3.sum(edges, (edge) => edge.failed)];
  const percent = (100 * (calls - failed)) / calls;
  // Rounded down: 99.97 % are not all.
  const success = failed === 0 ? 'All' : `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
  at('success').className = failed === 0 ? 'good' : 'bad';
  at('success').textContent =
    calls === 0
      ? ''
      : `${success} of the client's ${calls} calls in the last minute succeeded${failed === 0 ? '' : `; ${failed} failed`}.`;
  const { p50Ms, p99Ms, edges: last } = latest();
  const none = last.some(own)
    ? 'No call of the client succeeded in the last second.'
    : 'The client makes no calls; those of curl and browsers are counted by the pods.';
  at('latency').textContent =
    p50Ms === undefined || p99Ms === undefined
      ? none
      : `Those of the last second took ${p50Ms.toFixed(1)} ms (half of them), ${p99Ms.toFixed(1)} ms (99 of 100).`;
}

/* --- who calls whom --- */

/** The service of proxies, where a scenario has one. */
const tier = 'proxy';

/**
 * What all calls of the scenario go through; undefined when callers reach the pods themselves.
 * @param {LiveEvent['status']} status
 */
function inBetween({ apps, services }) {
  if (apps.some(({ name }) => name === 'l7-proxy')) return 'l7-proxy';
  const proxies = services.find(({ name }) => name === tier)?.pods.length;
  if (proxies !== undefined) return proxies === 1 ? '1 proxy' : `${proxies} proxies`;
  return services.some(({ virtualIp }) => virtualIp) ? 'virtual IP' : undefined;
}

/** Where calls end that no pod answers. */
const nobody = 'nobody';
const badColour = '#d62728';

/**
 * Callers on the left, pods on the right, a proxy in the middle; each line as thick as it has calls.
 * @param {LiveEvent['status']} status
 * @param {TrafficSecond} traffic
 */
function drawGraph(status, traffic) {
  const edges = traffic.edges.map((edge) => ({ ...edge, pod: edge.pod ?? nobody }));
  const pods = status.services.filter(({ name }) => name !== tier).flatMap((service) => service.pods);
  const callers = [...new Set(edges.map(({ from }) => from))];
  const named = [...pods.map(({ name }) => name), ...edges.map(({ pod }) => pod)];
  const ends = [...new Set(named)].sort(
    (a, b) => Number(a === nobody) - Number(b === nobody) || byName(a, b),
  );
  if (ends.length === 0) return at('graph').replaceChildren(element('p', { class: 'bad' }, 'No pods.'));
  const colourOfEnd = (/** @type {string} */ name) => (name === nobody ? badColour : colourOf(name));
  const via = inBetween(status);
  const rows = Math.max(1, ends.length, callers.length);
  /** @param {string[]} names @param {number} x */
  const place = (names, x) => names.map((name, i) => ({ name, x, y: ((i + 0.5) * rows) / names.length }));
  const [from, middle, to] = [place(callers, 0), place(via ? [via] : [], 0.5), place(ends, 1)];
  const [between] = middle;
  /** @typedef {typeof from[number]} Node */
  /** @param {Node} a @param {Node} b @param {number} calls @param {string} stroke */
  const link = (a, b, calls, stroke) => ({ x1: a.x, y1: a.y, x2: b.x, y2: b.y, calls, stroke });
  const lines = edges.flatMap(({ from: caller, pod, calls }) => {
    const a = between ?? from.find(({ name }) => name === caller);
    const b = to.find(({ name }) => name === pod);
    return a && b ? [link(a, b, calls, colourOfEnd(pod))] : [];
  });
  const total = (/** @type {Edge[]} */ list) => d3.sum(list, ({ calls }) => calls);
  if (between)
    for (const caller of from) {
      const calls = total(edges.filter((edge) => edge.from === caller.name));
      lines.push(link(caller, between, calls, 'currentColor'));
    }
  const most = d3.max(lines, ({ calls }) => calls) ?? 1;
  const through = via ? ` through ${via}` : '';
  const words = edges.map(({ from, pod, calls }) => `${from} calls ${pod}${through} ${calls} times a second`);
  chart(at('graph'), words.join(', ') || 'Nobody calls anybody.', {
    height: 30 + 24 * rows,
    marginLeft: 70,
    marginRight: 150,
    x: { axis: null, domain: [0, 1] },
    y: { axis: null, domain: [rows, 0] },
    marks: [
      Plot.link(lines, {
        ...{ x1: 'x1', y1: 'y1', x2: 'x2', y2: 'y2', curve: 'bump-x' },
        stroke: 'stroke',
        strokeWidth: ({ calls }) => 1 + (6 * calls) / most,
      }),
      Plot.dot([...from, ...middle], { x: 'x', y: 'y', fill: 'currentColor', r: 4 }),
      Plot.text(from, { x: 'x', y: 'y', text: 'name', textAnchor: 'end', dx: -8 }),
      Plot.text(middle, { x: 'x', y: 'y', text: 'name', dy: -16 }),
      Plot.dot(to, { x: 'x', y: 'y', fill: ({ name }) => colourOfEnd(name), r: 5 }),
      Plot.text(to, {
        x: 'x',
        y: 'y',
        textAnchor: 'start',
        dx: 10,
        text: ({ name }) => `${name}  ${total(edges.filter(({ pod }) => pod === name))}/s`,
      }),
    ],
  });
}
