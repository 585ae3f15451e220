/* The live page: draws what /events tells each second, and asks the lab by its REST API. */
'use strict';

const at = (id) => document.getElementById(id);
const colourOf = podColours();
const historySeconds = 60;
let history = [];
let scenarios = [];
let shown = '';

const events = new EventSource('/events');
events.addEventListener('history', ({ data }) => (history = JSON.parse(data)));
events.addEventListener('look', ({ data }) => look(JSON.parse(data)));
events.addEventListener('error', () => say('The lab does not answer; what is shown is old.', true));

/** Asks the lab to do something, and says what came of it. */
async function ask(path, body, done) {
  say('…');
  try {
    const response = await fetch(path, {
      method: 'POST',
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    say(response.ok ? done : answer.error.message, !response.ok);
  } catch (error) {
    say(`No answer: ${error.message}`, true);
  }
}

function say(text, isBad = false) {
  at('said').textContent = text;
  at('said').className = isBad ? 'bad' : 'quiet';
}

function look({ status, traffic, xds }) {
  if (at('said').textContent.startsWith('The lab does not answer')) say('');
  history.push(traffic);
  if (history.length > historySeconds) history.shift();
  if (status.scenario !== shown) changeScenario(status.scenario);
  if (document.activeElement !== at('rate')) showRate(status.rate);
  drawCalls();
  drawGraph(status, traffic);
  status.services.forEach((service) => service.pods.forEach(({ name }) => colourOf(name)));
  keep(
    'services',
    status.services.map((service) => serviceCard(service, traffic)),
  );
  drawShares(status.shares);
  at('apps').replaceChildren(appTable(status));
  at('xds-section').hidden = !xds;
  if (xds) at('xds').replaceChildren(xdsTable(xds));
  drawWeb(status);
}

/* --- scenario and rate --- */

fetch('/scenarios')
  .then((response) => response.json())
  .then((list) => {
    scenarios = list;
    at('scenario').replaceChildren(...list.map(({ name }) => element('option', { value: name }, name)));
    if (shown) changeScenario(shown);
  });

function changeScenario(name) {
  shown = name;
  const scenario = scenarios.find((each) => each.name === name);
  if (!scenario) return;
  at('scenario').value = name;
  at('about').textContent = `${scenario.about} ${scenario.use}`;
  at('differs').textContent = scenario.differs;
}

fetch('/differences')
  .then((response) => response.json())
  .then((list) => at('differences').replaceChildren(...list.map((text) => element('li', {}, text))));

const switchTo = (name) => ask('/scenario', { name }, `${name} runs.`);

function showRate(rate) {
  const select = at('rate');
  if (![...select.options].some(({ value }) => value === String(rate)))
    select.append(element('option', { value: rate }, `${rate} calls/s`));
  select.value = String(rate);
}

at('switch').addEventListener('submit', (event) => {
  event.preventDefault();
  void switchTo(at('scenario').value);
});
at('to-sidecar').addEventListener('click', () => void switchTo('sidecar'));
at('rate').addEventListener('change', ({ target }) => {
  const rate = Number(target.value);
  void ask(
    '/load',
    { rate },
    rate === 0 ? 'The client is gone.' : `The client makes ${rate} calls a second.`,
  );
});

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

/* --- services, pods, programs --- */

/** Replaces children, but never what the person is at: their focus and their input stay. */
function keep(id, children) {
  const container = at(id);
  if (container.contains(document.activeElement) && document.activeElement.tagName === 'INPUT') return;
  const focused = container.contains(document.activeElement)
    ? document.activeElement.getAttribute('aria-label')
    : null;
  container.replaceChildren(...children);
  if (focused) container.querySelector(`[aria-label=${JSON.stringify(focused)}]`)?.focus();
}

const button = (text, label, act) =>
  element('button', { type: 'button', 'aria-label': label, on: { click: act } }, text);

const head = (text, attributes = {}) =>
  element('th', { scope: 'col', role: 'columnheader', ...attributes }, text);
const row = (...cells) => element('tr', { role: 'row' }, cells);
const rowHead = (attributes, ...content) =>
  element('th', { scope: 'row', role: 'rowheader', ...attributes }, content);
const cell = (attributes, ...content) => element('td', { role: 'cell', ...attributes }, content);

/** On a narrow screen its rows become blocks. That takes a table's roles from its elements, so they are given by name. */
function stackingTable(heads, rows) {
  return element(
    'table',
    { class: 'stacking', role: 'table' },
    element('thead', { role: 'rowgroup' }, row(...heads)),
    element('tbody', { role: 'rowgroup' }, rows),
  );
}

function serviceCard({ name, replicas, pods, lastFailure, virtualIp }, { edges }) {
  const input = element('input', {
    type: 'number',
    min: 0,
    max: 50,
    value: replicas,
    'aria-label': `Pods of ${name}`,
  });
  const scale = (event) => {
    event.preventDefault();
    const wanted = Number(input.value);
    document.activeElement.blur();
    void ask(`/services/${name}/scale`, { replicas: wanted }, `${name} has ${wanted} pods.`);
  };
  const form = element(
    'form',
    { class: 'row', on: { submit: scale } },
    element('h3', { class: 'grow' }, name),
    input,
    element('button', { 'aria-label': `Scale ${name}` }, 'Scale'),
    button('Restart', `Restart ${name}`, () =>
      ask(`/services/${name}/restart`, undefined, `${name} was restarted.`),
    ),
  );
  const total = d3.sum(edges, ({ pod, calls }) => (pods.some((each) => each.name === pod) ? calls : 0));
  const heads = ['pod', 'state', 'calls/s', 'share', 'actions'].map((text) => head(text));
  const rows = pods.map((pod) => (name === tier ? proxyRow(pod) : podRow(pod, edges, total)));
  const table = stackingTable(heads, rows);
  const ip =
    virtualIp &&
    `Virtual IP ${virtualIp.address}:${virtualIp.port}; connections: ${
      Object.entries(virtualIp.connections)
        .map(([pod, count]) => `${count} to ${pod}`)
        .join(', ') || 'none'
    }.`;
  return element(
    'div',
    { class: 'card' },
    form,
    ip && element('p', { class: 'quiet' }, ip),
    lastFailure && element('p', { class: 'quiet' }, `Last failure: ${lastFailure.split('\n')[0]}`),
    element(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${name}, pod by pod` },
      table,
    ),
  );
}

function podRow({ name, state, zone, address, port, behaviour = {} }, edges, total) {
  const calls = d3.sum(edges, (edge) => (edge.pod === name ? edge.calls : 0));
  const share = total === 0 ? 0 : calls / total;
  const isHealthy = behaviour.healthy !== false;
  const isSlow = behaviour.delay !== undefined && !/^0m?s$/.test(behaviour.delay);
  const colour = colourOf(name);
  const change = (body, done) => () => ask(`/pods/${name}/behaviour`, body, `${name} ${done}.`);
  const words = [state, zone, !isHealthy && 'unhealthy', isSlow && `+${behaviour.delay}`]
    .filter(Boolean)
    .join(', ');
  const actions =
    state === 'running'
      ? [
          isHealthy
            ? button('Unhealthy', `Make ${name} unhealthy`, change({ healthy: false }, 'says NOT_SERVING'))
            : button('Healthy', `Make ${name} healthy`, change({ healthy: true }, 'says SERVING')),
          isSlow
            ? button('No delay', `No delay for ${name}`, change({ delay: '0s' }, 'answers at once'))
            : button('+200 ms', `+200 ms for ${name}`, change({ delay: '200ms' }, 'takes 200 ms more')),
          button('Kill', `Kill ${name}`, () => ask(`/pods/${name}/kill`, undefined, `${name} was killed.`)),
        ]
      : [];
  const key = element('span', { class: 'key', style: `background:${colour}` });
  const fill = element('span', { style: `width:${(share * 100).toFixed(1)}%;background:${colour}` });
  return row(
    rowHead({ title: port ? `${address}:${port}` : 'no port yet' }, key, name),
    cell({}, words),
    cell({ 'data-unit': ' calls/s' }, String(calls)),
    cell({}, element('span', { class: 'bar' }, fill), ` ${(share * 100).toFixed(0)} %`),
    cell({ class: 'wide' }, element('span', { class: 'row together' }, actions)),
  );
}

/** A proxy has no behaviour to change; calls are counted where they are answered. */
function proxyRow({ name, state, address, port }) {
  const kill = button('Kill', `Kill ${name}`, () =>
    ask(`/pods/${name}/kill`, undefined, `${name} was killed.`),
  );
  return row(
    rowHead({ title: port ? `${address}:${port}` : 'no port yet' }, name),
    cell({}, state),
    ...[cell({}, ''), cell({}, '')],
    cell({ class: 'wide' }, element('span', { class: 'row together' }, state === 'running' ? [kill] : [])),
  );
}

function appTable({ apps, dns }) {
  const where = (ports) =>
    Object.entries(ports)
      .map(([what, { address, port }]) => `${what} ${address}:${port}`)
      .join(', ');
  const rows = apps.map(({ name, state, restarts, ports }) =>
    row(
      rowHead({}, name),
      cell({ class: state === 'running' ? '' : 'bad' }, state),
      cell({ class: 'left wide' }, where(ports)),
      cell({ 'data-unit': restarts === 1 ? ' restart' : ' restarts' }, String(restarts)),
      cell(
        {},
        button('Restart', `Restart ${name}`, () =>
          ask(`/apps/${name}/restart`, undefined, `${name} was restarted.`),
        ),
      ),
    ),
  );
  const isUp = dns.state === 'running';
  const turn = () =>
    ask(
      `/dns/${isUp ? 'stop' : 'start'}`,
      undefined,
      isUp ? 'DNS does not answer any more.' : 'DNS answers again.',
    );
  const dnsRow = row(
    rowHead({}, 'DNS server'),
    cell({ class: isUp ? '' : 'bad' }, dns.state),
    cell({ class: 'left wide' }, `${dns.address}:${dns.port}, ${dns.counters.queries} queries`),
    cell({}, ''),
    cell({}, button(isUp ? 'Stop' : 'Start', `${isUp ? 'Stop' : 'Start'} the DNS server`, turn)),
  );
  const heads = [
    ...['program', 'state'].map((text) => head(text)),
    head('listens on', { class: 'left' }),
    ...['restarts', 'actions'].map((text) => head(text)),
  ];
  return stackingTable(heads, [...rows, dnsRow]);
}

function xdsTable(clients) {
  const types = ['listener', 'route', 'cluster', 'endpoints'];
  const heads = ['client', 'zone', ...types].map((text) => element('th', { scope: 'col' }, text));
  const typeCell = (type) => {
    if (!type) return element('td', {}, '–');
    const { subscribed, sentVersion, ackedVersion, rejected } = type;
    const said =
      rejected.length > 0
        ? element('span', { class: 'bad', title: rejected[0].error }, 'rejected')
        : ackedVersion !== undefined && ackedVersion === sentVersion
          ? element('span', { class: 'good' }, 'acked')
          : element('span', {}, sentVersion === undefined ? 'asked' : 'sent');
    return element('td', { title: subscribed.join(', ') }, said, ` ${(ackedVersion ?? '').slice(0, 8)}`);
  };
  const rows = clients.map(({ node, zone, types: has }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, node),
      element('td', {}, zone || '–'),
      types.map((type) => typeCell(has[type])),
    ),
  );
  return element('table', {}, element('thead', {}, element('tr', {}, heads)), element('tbody', {}, rows));
}

/* --- shares --- */

function drawShares(shares) {
  at('shares-section').hidden = !shares;
  if (!shares || at('shares').contains(document.activeElement)) return;
  const [first, second] = Object.keys(shares);
  const percent = Math.round((100 * shares[second]) / (shares[first] + shares[second]));
  const slider = element('input', {
    type: 'range',
    min: 0,
    max: 100,
    value: percent,
    id: 'share',
    class: 'grow',
  });
  const shown = element('output', { for: 'share' }, `${percent} %`);
  slider.addEventListener('input', () => (shown.textContent = `${slider.value} %`));
  slider.addEventListener('change', () => {
    const wanted = Number(slider.value);
    slider.blur();
    void ask(
      '/shares',
      { [first]: 100 - wanted, [second]: wanted },
      `${second} gets ${wanted} % of the calls.`,
    );
  });
  at('shares').replaceChildren(element('label', { for: 'share' }, `${second} gets`), slider, shown);
}

/* --- gRPC-Web --- */

let webUrl;

function drawWeb({ apps }) {
  const proxy = apps.find(({ name, state }) => name === 'l7-proxy' && state === 'running')?.ports.proxy;
  webUrl = proxy && `http://${proxy.address}:${proxy.port}/echo.EchoServer/SayHello`;
  at('web').hidden = !webUrl;
  at('no-web').hidden = Boolean(webUrl);
}

at('web').addEventListener('submit', async (event) => {
  event.preventDefault();
  at('answers').textContent = '…';
  const counts = new Map();
  try {
    for (let i = 0; i < 10; i++) {
      const answer = await sayHello(webUrl, at('hello').value);
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
    at('answers').textContent = [...counts].map(([answer, count]) => `${count} × ${answer}`).join('; ');
  } catch (error) {
    at('answers').textContent = `The call failed: ${error.message}`;
  }
});
