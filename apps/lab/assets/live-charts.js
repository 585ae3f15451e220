/* The charts of the live page, by what live.js knows. */
'use strict';

/* --- calls over time --- */

function drawCalls() {
  const now = history.at(-1).atMs;
  const rows = history.flatMap(({ atMs, edges }, i) => {
    const seconds = Math.max(0.2, i === 0 ? 1 : (atMs - history[i - 1].atMs) / 1000);
    const byPod = d3.rollup(
      edges.filter(({ pod }) => pod),
      (list) => d3.sum(list, ({ calls }) => calls) / seconds,
      ({ pod }) => pod,
    );
    return [...byPod].map(([pod, calls]) => ({ x: (atMs - now) / 1000, pod, calls }));
  });
  const failed = history.flatMap(({ atMs, edges }) => {
    const count = d3.sum(edges, ({ failed }) => failed);
    return count > 0 ? [{ x: (atMs - now) / 1000, count }] : [];
  });
  const { p50Ms, p99Ms } = history.at(-1);
  at('latency').textContent =
    p50Ms === undefined
      ? 'The client makes no calls; those of curl and browsers are counted by the pods.'
      : `The client's calls took ${p50Ms.toFixed(1)} ms (half of them), ${p99Ms.toFixed(1)} ms (99 of 100).`;
  const pods = [...new Set(rows.map(({ pod }) => pod))].sort(byName);
  pods.forEach(colourOf);
  const xs = history.map(({ atMs }) => (atMs - now) / 1000);
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
        fill: '#d62728',
        stroke: 'white',
      }),
      Plot.ruleY([0]),
    ],
  });
  at('legend').replaceChildren(legend(pods, colourOf));
}

/* --- who calls whom --- */

/** The service of proxies, where a scenario has one. */
const tier = 'proxy';

/** What all calls of the scenario go through; undefined when callers reach the pods themselves. */
function inBetween({ apps, services }) {
  if (apps.some(({ name }) => name === 'l7-proxy')) return 'l7-proxy';
  const proxies = services.find(({ name }) => name === tier)?.pods.length;
  if (proxies !== undefined) return proxies === 1 ? '1 proxy' : `${proxies} proxies`;
  return services.some(({ virtualIp }) => virtualIp) ? 'virtual IP' : undefined;
}

/** Callers on the left, pods on the right, a proxy in the middle; each line as thick as it has calls. */
function drawGraph(status, { edges }) {
  const pods = status.services.filter(({ name }) => name !== tier).flatMap((service) => service.pods);
  const callers = [...new Set(edges.map(({ from }) => from))];
  const ends = [...new Set([...pods.map(({ name }) => name), ...edges.flatMap(({ pod }) => pod ?? [])])].sort(
    byName,
  );
  const via = inBetween(status);
  const rows = Math.max(1, ends.length, callers.length);
  const place = (names, x) => names.map((name, i) => ({ name, x, y: ((i + 0.5) * rows) / names.length }));
  const [from, middle, to] = [place(callers, 0), place(via ? [via] : [], 0.5), place(ends, 1)];
  const known = edges.filter(({ pod }) => pod !== undefined);
  const link = (a, b, calls, stroke) => ({ x1: a.x, y1: a.y, x2: b.x, y2: b.y, calls, stroke });
  const nodeOf = (list, wanted) => list.find(({ name }) => name === wanted);
  const lines = known.flatMap(({ from: caller, pod, calls }) => {
    const [a, b] = [nodeOf(from, caller), nodeOf(to, pod)];
    return [link(middle[0] ?? a, b, calls, colourOf(pod))];
  });
  const total = (list) => d3.sum(list, ({ calls }) => calls);
  if (via)
    for (const caller of from)
      lines.push(
        link(caller, middle[0], total(known.filter((edge) => edge.from === caller.name)), 'currentColor'),
      );
  const most = d3.max(lines, ({ calls }) => calls) ?? 1;
  const through = via ? ` through ${via}` : '';
  const words = known.map(({ from, pod, calls }) => `${from} calls ${pod}${through} ${calls} times a second`);
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
      Plot.dot(to, { x: 'x', y: 'y', fill: ({ name }) => colourOf(name), r: 5 }),
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
