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
  at('differs').textContent = `Unlike a real cluster: ${scenario.differs}`;
}

function showRate(rate) {
  const select = at('rate');
  if (![...select.options].some(({ value }) => value === String(rate)))
    select.append(element('option', { value: rate }, `${rate} calls/s`));
  select.value = String(rate);
}

at('switch').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = at('scenario').value;
  void ask('/scenario', { name }, `${name} runs.`);
});
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
    x: { label: 'seconds ago', domain: [-historySeconds, 0] },
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

function drawGraph({ services }, { edges }) {
  const pods = services.flatMap((service) => service.pods.map(({ name }) => name));
  const callers = [...new Set(edges.map(({ from }) => from))];
  const ends = [...new Set([...pods, ...edges.flatMap(({ pod }) => pod ?? [])])].sort(byName);
  const rowHeight = 24;
  const most = d3.max(edges, ({ calls }) => calls) ?? 1;
  const y = (list, i) => ((i + 0.5) * Math.max(ends.length, callers.length)) / Math.max(1, list.length);
  const from = callers.map((name, i) => ({ name, x: 0, y: y(callers, i) }));
  const to = ends.map((name, i) => ({ name, x: 1, y: y(ends, i) }));
  const lines = edges.flatMap((edge) => {
    const [a, b] = [from.find(({ name }) => name === edge.from), to.find(({ name }) => name === edge.pod)];
    return a && b ? [{ ...edge, x1: 0, y1: a.y, x2: 1, y2: b.y }] : [];
  });
  const words = lines.map(({ from, pod, calls }) => `${from} calls ${pod} ${calls} times a second`);
  chart(at('graph'), words.join(', ') || 'Nobody calls anybody.', {
    height: 30 + rowHeight * Math.max(1, ends.length, callers.length),
    marginLeft: 70,
    marginRight: 150,
    x: { axis: null, domain: [0, 1] },
    y: { axis: null, reverse: true },
    marks: [
      Plot.link(lines, {
        x1: 'x1',
        y1: 'y1',
        x2: 'x2',
        y2: 'y2',
        stroke: ({ pod }) => colourOf(pod),
        strokeWidth: ({ calls }) => 1 + (6 * calls) / most,
        curve: 'bump-x',
      }),
      Plot.dot(from, { x: 'x', y: 'y', fill: 'currentColor', r: 4 }),
      Plot.text(from, { x: 'x', y: 'y', text: 'name', textAnchor: 'end', dx: -8 }),
      Plot.dot(to, { x: 'x', y: 'y', fill: ({ name }) => colourOf(name), r: 5 }),
      Plot.text(to, {
        x: 'x',
        y: 'y',
        textAnchor: 'start',
        dx: 10,
        text: ({ name }) => `${name}  ${d3.sum(edges, (edge) => (edge.pod === name ? edge.calls : 0))}/s`,
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
  const heads = ['pod', 'state', 'calls/s', 'share', 'actions'].map((text) =>
    element('th', { scope: 'col' }, text),
  );
  const rows = pods.map((pod) => podRow(pod, edges, total));
  const table = element(
    'table',
    {},
    element('thead', {}, element('tr', {}, heads)),
    element('tbody', {}, rows),
  );
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
  return element(
    'tr',
    {},
    element('th', { scope: 'row', title: port ? `${address}:${port}` : 'no port yet' }, key, name),
    element('td', {}, words),
    element('td', {}, String(calls)),
    element('td', {}, element('span', { class: 'bar' }, fill), ` ${(share * 100).toFixed(0)} %`),
    element('td', {}, element('span', { class: 'row together' }, actions)),
  );
}

function appTable({ apps, dns }) {
  const where = (ports) =>
    Object.entries(ports)
      .map(([what, { address, port }]) => `${what} ${address}:${port}`)
      .join(', ');
  const rows = apps.map(({ name, state, restarts, ports }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', { class: state === 'running' ? '' : 'bad' }, state),
      element('td', { class: 'left' }, where(ports)),
      element('td', {}, String(restarts)),
      element(
        'td',
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
  const dnsRow = element(
    'tr',
    {},
    element('th', { scope: 'row' }, 'DNS server'),
    element('td', { class: isUp ? '' : 'bad' }, dns.state),
    element('td', { class: 'left' }, `${dns.address}:${dns.port}, ${dns.counters.queries} queries`),
    element('td', {}, ''),
    element('td', {}, button(isUp ? 'Stop' : 'Start', `${isUp ? 'Stop' : 'Start'} the DNS server`, turn)),
  );
  const heads = ['program', 'state', 'listens on', 'restarts', 'actions'].map((text) =>
    element('th', { scope: 'col' }, text),
  );
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, heads)),
    element('tbody', {}, rows, dnsRow),
  );
}

function xdsTable(clients) {
  const types = ['listener', 'route', 'cluster', 'endpoints'];
  const heads = ['client', 'zone', ...types].map((text) => element('th', { scope: 'col' }, text));
  const cell = (type) => {
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
      types.map((type) => cell(has[type])),
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
  at('web-section').hidden = !webUrl;
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

/** A unary call as gRPC-Web has it: a message frame there, a message frame and a trailer frame back. */
async function sayHello(url, name) {
  const text = new TextEncoder().encode(name);
  const message = [0x0a, ...varint(text.length), ...text]; // EchoRequest{name = 1}
  const frame = Uint8Array.from([0, 0, 0, message.length >> 8, message.length & 0xff, ...message]);
  const headers = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' };
  const response = await fetch(url, { method: 'POST', headers, body: frame });
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  let answer;
  let trailers = `grpc-status:${response.headers.get('grpc-status') ?? ''}`;
  for (let i = 0; i + 5 <= bytes.length;) {
    const length = new DataView(bytes.buffer).getUint32(i + 1);
    const content = bytes.subarray(i + 5, i + 5 + length);
    if (bytes[i] & 0x80) trailers = new TextDecoder().decode(content);
    else answer = new TextDecoder().decode(content.subarray(content[1] & 0x80 ? 3 : 2)); // EchoReply{message = 1}
    i += 5 + length;
  }
  const status = /grpc-status:\s*(\d+)/.exec(trailers)?.[1];
  if (status !== '0') throw new Error(`gRPC status ${status ?? 'missing'} ${trailers}`);
  return answer;
}

const varint = (value) => (value < 128 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
