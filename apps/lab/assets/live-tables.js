/* The tables of the live page, with their buttons, by what live.js knows. */
'use strict';

/**
 * Replaces children, but never what the person is at: their focus and their input stay.
 * @param {string} id
 * @param {HTMLElement[]} children
 */
function keep(id, children) {
  const container = at(id);
  const active = container.contains(document.activeElement) ? document.activeElement : null;
  if (active?.tagName === 'INPUT') return;
  const focused = active?.getAttribute('aria-label');
  container.replaceChildren(...children);
  if (!focused) return;
  const again = container.querySelector(`[aria-label=${JSON.stringify(focused)}]`);
  if (again instanceof HTMLElement) again.focus();
}

/** @param {string} text @param {string} label @param {() => unknown} act */
const button = (text, label, act) =>
  element('button', { type: 'button', 'aria-label': label, on: { click: act } }, text);

/** @param {string} text */
const headCell = (text, attributes = {}) =>
  element('th', { scope: 'col', role: 'columnheader', ...attributes }, text);
/** @param {(Child | Child[])[]} cells */
const row = (...cells) => element('tr', { role: 'row' }, ...cells);
/** @param {Attributes} attributes @param {Child[]} content */
const rowHead = (attributes, ...content) =>
  element('th', { scope: 'row', role: 'rowheader', ...attributes }, content);
/** @param {Attributes} attributes @param {Child[]} content */
const cell = (attributes, ...content) => element('td', { role: 'cell', ...attributes }, content);

/**
 * On a narrow screen its rows become blocks. That takes a table's roles from its elements, so they are given by name.
 * @param {HTMLElement[]} heads
 * @param {HTMLElement[]} rows
 */
function stackingTable(heads, rows) {
  return element(
    'table',
    { class: 'stacking', role: 'table' },
    element('thead', { role: 'rowgroup' }, row(...heads)),
    element('tbody', { role: 'rowgroup' }, rows),
  );
}

/** @param {Service} service @param {TrafficSecond} traffic */
function serviceCard({ name, replicas, pods, lastFailure, virtualIp }, { edges }) {
  const input = element('input', {
    type: 'number',
    min: 0,
    max: 50,
    value: replicas,
    'aria-label': `Pods of ${name}`,
  });
  const scale = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wanted = Number(input.value);
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
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
  const heads = ['pod', 'state', 'calls/s', 'share', 'actions'].map((text) => headCell(text));
  const rows = pods.map((pod) => (name === tier ? proxyRow(pod) : podRow(pod, edges, total)));
  const table =
    rows.length > 0
      ? stackingTable(heads, rows)
      : element('p', { class: 'bad' }, `No pods: nobody answers calls to ${name}.`);
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

/** @param {Pod} pod @param {Edge[]} edges @param {number} total */
function podRow({ name, state, zone, address, port, behaviour = {} }, edges, total) {
  const calls = d3.sum(edges, (edge) => (edge.pod === name ? edge.calls : 0));
  const share = total === 0 ? 0 : calls / total;
  const isHealthy = behaviour.healthy !== false;
  const isSlow = behaviour.delay !== undefined && !/^0m?s$/.test(behaviour.delay);
  const colour = colourOf(name);
  /** @param {object} body @param {string} done */
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
    cell({ class: isHealthy ? '' : 'bad' }, words),
    cell({ 'data-unit': ' calls/s' }, String(calls)),
    cell(
      {},
      element('span', { class: 'bar' }, fill),
      element('span', { class: 'percent' }, `${(share * 100).toFixed(0)} %`),
    ),
    cell({ class: 'wide' }, element('span', { class: 'row together' }, actions)),
  );
}

/** A proxy has no behaviour to change; calls are counted where they are answered. @param {Pod} pod */
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

/** @param {LiveEvent['status']} status */
function appTable({ apps, dns }) {
  /** @param {typeof apps[number]['ports']} ports */
  const where = (ports) =>
    Object.entries(ports)
      .map(([what, { address, port }]) => `${what} ${address}:${port}`)
      .join(', ');
  const rows = apps.map(({ name, state, lost, restarts, ports }) =>
    row(
      rowHead({}, name),
      cell(
        { class: state === 'running' ? '' : 'bad' },
        state === 'ended' && lost ? `${lost}: Restart brings it back` : state,
      ),
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
    ...['program', 'state'].map((text) => headCell(text)),
    headCell('listens on', { class: 'left' }),
    ...['restarts', 'actions'].map((text) => headCell(text)),
  ];
  return stackingTable(heads, [...rows, dnsRow]);
}

/** @param {XdsClients} clients */
function xdsTable(clients) {
  const types = ['listener', 'route', 'cluster', 'endpoints'];
  const heads = ['client', 'zone', ...types].map((text) => element('th', { scope: 'col' }, text));
  /** @param {XdsClients[number]['types'][string] | undefined} type */
  const typeCell = (type) => {
    if (!type) return element('td', {}, '–');
    const { subscribed, sentVersion, ackedVersion, rejected } = type;
    const said =
      rejected[0] !== undefined
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
