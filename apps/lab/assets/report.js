/* The report: everything is drawn from the JSON in the page. */
'use strict';

/** @type {LabReport} */
const report = JSON.parse(at('data').textContent ?? '');
const mainColour = colours[0] ?? '';
const kinds = report.figureKinds;

/**
 * What a figure says that has no median: it was beyond what can be measured, or was not measured, and why.
 * @param {Pick<LabReport['scenarios'][number], 'figures' | 'error'>} scenario
 * @param {FigureName} name
 */
function withoutMedian({ figures, error }, name) {
  const figure = figures[name];
  if (figure?.beyond !== undefined) return figure.beyond;
  return `not measured: ${figure?.missing ?? error ?? 'it was not run'}`;
}

function facts() {
  const { machine, load, doubts, seed, rounds, rate, seconds, startedAt, partial, scenarios } = report;
  const fewest = Math.min(
    rounds,
    ...scenarios.filter(({ error }) => error === undefined).map((each) => each.rounds),
  );
  const all = rounds === 1 ? 'one round' : `${rounds} rounds`;
  const roundsText = fewest === rounds ? all : `${fewest} to ${rounds} rounds (time ran short)`;
  at('facts').textContent =
    `${new Date(startedAt).toUTCString()}, ${seconds} s. ${machine.cores} × ${machine.cpu}, ${machine.memoryGib} GiB, ` +
    `${machine.os}, Node ${machine.node}. CPU that others used before: ${load.busyBefore === null ? 'unknown' : `${Math.round(load.busyBefore * 100)} %`}. ` +
    `Seed ${seed}.`;
  at('how').textContent =
    `Medians of ${roundsText} with ${rate} calls a second; the spread is in each cell's title and in report.json. ` +
    (rounds === 1
      ? 'With one round nobody knows whether they are repeatable. '
      : '~ marks a figure whose rounds are too far apart for it to be repeatable. ') +
    'Of each column the best are marked ▲ and the worst ▼, where they differ by more than chance.';
  for (const doubt of doubts)
    at('partial').append(
      element('p', { class: 'card alert bad', role: 'note' }, `These figures cannot be trusted: ${doubt}.`),
    );
  if (partial) {
    const text = 'Partial: the run was interrupted. What is missing was not run.';
    at('partial').append(element('p', { class: 'card alert bad', role: 'note' }, text));
  }
}

function table() {
  const { figures, rows, notes } = report.table;
  const titleOf = (/** @type {FigureName} */ name) => {
    const { title, unit } = kinds[name];
    return unit === '' ? title : `${title}, ${unit}`;
  };
  const heads = figures.map((name) => element('th', { scope: 'col' }, titleOf(name)));
  const marks = { best: { class: 'good', sign: '▲ ' }, worst: { class: 'bad', sign: '▼ ' } };
  const bodyRows = rows.map(({ scenario, cells }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('a', { href: `#${scenario}` }, scenario)),
      cells.map(({ text, spread, rank }) => {
        const mark = rank && marks[rank];
        return element('td', { title: spread, class: mark?.class }, mark?.sign, text);
      }),
    ),
  );
  const header = element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'scenario'), heads));
  at('table').replaceChildren(element('table', {}, header, element('tbody', {}, bodyRows)));
  at('notes').replaceChildren(...notes.map(({ letter, text }) => element('li', {}, `(${letter}) ${text}`)));
}

/** What to take for which need; nothing when there was nothing to choose from. */
function recommendations() {
  const { recommendations, doubts } = report;
  at('recommended').hidden = recommendations.length === 0;
  if (doubts.length > 0)
    at('recommendations').before(
      element('p', { class: 'bad' }, 'They follow from figures that cannot be trusted, see above.'),
    );
  at('recommendations').replaceChildren(
    ...recommendations.flatMap(({ need, scenarios, because }) => [
      element(
        'dt',
        {},
        `${need.slice(0, 1).toUpperCase()}${need.slice(1)}: `,
        element('strong', {}, scenarios.join(', ') || 'cannot be said'),
      ),
      element('dd', { class: 'quiet' }, because),
    ]),
  );
}

/**
 * A figure of all scenarios: the median as a dot, its spread as a line.
 * @param {{ name: FigureName, container: HTMLElement }} figure
 */
function sideBySide({ name, container }) {
  const { title, unit, digits } = kinds[name];
  const rows = report.scenarios.flatMap(({ name: scenario, figures }) => {
    const figure = figures[name];
    if (!figure || figure.median === null) return [];
    return [{ ...figure, scenario, median: figure.median, text: figure.median.toFixed(digits) }];
  });
  const others = report.scenarios
    .filter(({ figures }) => (figures[name]?.median ?? null) === null)
    .map((scenario) => ({ name: scenario.name, text: withoutMedian(scenario, name) }));
  const label = `${title}: ${[
    ...rows.map((row) => `${row.scenario} ${row.text} ${unit}`),
    ...others.map((other) => `${other.name} ${other.text}`),
  ].join(', ')}`;
  const domain = report.scenarios.map((scenario) => scenario.name);
  const ends = rows.flatMap(({ min, max, median }) => [min ?? median, max ?? median]);
  chart(container, label, {
    height: 40 + 24 * domain.length,
    marginLeft: 100,
    marginRight: 40,
    marginBottom: 36,
    x: {
      ...axisBelow(unit),
      grid: true,
      nice: true,
      domain: [Math.min(0, ...ends), Math.max(kinds[name].tolerance, 1, ...ends)],
    },
    y: { label: null, domain },
    marks: [
      Plot.ruleY(rows, {
        y: 'scenario',
        x1: 'min',
        x2: ({ max, median }) => max ?? median,
        stroke: 'currentColor',
        strokeOpacity: 0.5,
      }),
      Plot.dot(rows, { y: 'scenario', x: 'median', fill: mainColour, r: 5 }),
      Plot.text(rows, {
        y: 'scenario',
        x: 'median',
        text: 'text',
        dy: -9,
        fontSize: 10,
      }),
      Plot.text(others, {
        y: 'name',
        frameAnchor: 'left',
        dx: 4,
        // Why is said below the table: there is no room for it here.
        text: ({ text }) => text.replace(/^(not measured):.*$/, '$1'),
      }),
    ],
  });
}

/** How even the shares became after pods were added: a row for each scenario, all with the same seconds. */
function convergence() {
  const { scenarios, evenFrom } = report;
  const rows = scenarios.flatMap(({ name, convergence }) => convergence.map((point) => ({ name, ...point })));
  const words = scenarios.map((scenario) => {
    const [first] = scenario.figures.evenMs?.samples ?? [];
    if (typeof first === 'number') return `${scenario.name} ${(first / 1000).toFixed(1)} s`;
    const beyond = first !== undefined && 'beyond' in first ? first.beyond : undefined;
    return `${scenario.name} ${beyond ?? withoutMedian({ ...scenario, figures: {} }, 'evenMs')}`;
  });
  const names = scenarios.map(({ name }) => name);
  chart(at('convergence'), `Time until shares are even after 3 → 5 pods: ${words.join(', ')}.`, {
    height: 50 + 46 * names.length,
    marginLeft: 100,
    marginRight: 20,
    marginBottom: 36,
    x: { ...axisBelow('seconds since the new pods listen'), grid: true, nice: true, zero: true },
    y: { axis: null, domain: [0, 1.05] },
    fy: { label: null, domain: names, axis: 'left', padding: 0.15 },
    marks: [
      Plot.ruleY(
        names.map((name) => ({ name })),
        {
          fy: 'name',
          y: evenFrom,
          stroke: 'currentColor',
          strokeOpacity: 0.4,
          strokeDasharray: '3,3',
        },
      ),
      Plot.ruleY(
        names.map((name) => ({ name })),
        { fy: 'name', y: 0, stroke: 'currentColor', strokeOpacity: 0.3 },
      ),
      Plot.areaY(rows, { fy: 'name', x: 's', y: 'jain', fill: mainColour, fillOpacity: 0.25 }),
      Plot.lineY(rows, { fy: 'name', x: 's', y: 'jain', stroke: mainColour, strokeWidth: 2 }),
    ],
  });
}

/** p50, p90 and p99 of each scenario on one line. */
function latency() {
  const shares = [50, 90, 99];
  const colourOf = (/** @type {number} */ share) => colours[shares.indexOf(share)];
  const drawn = report.scenarios.filter(({ latencies }) => latencies.length > 0);
  const rows = drawn.flatMap(({ name, latencies }) =>
    shares.map((share) => ({ name, share, ms: Math.max(0.1, latencies[share] ?? 0) })),
  );
  const label = drawn
    .map(
      ({ name, latencies }) =>
        `${name} ${shares.map((share) => `p${share} ${latencies[share]} ms`).join(' ')}`,
    )
    .join(', ');
  const names = report.scenarios.map(({ name }) => name);
  chart(at('latency'), `Latency of all calls: ${label}.`, {
    height: 60 + 28 * names.length,
    marginLeft: 100,
    marginRight: 40,
    marginBottom: 36,
    x: { ...axisBelow('ms, logarithmic'), type: 'log', grid: true, nice: true, ticks: 4, tickFormat: ',' },
    y: { label: null, domain: names },
    marks: [
      Plot.ruleY(drawn, {
        y: 'name',
        x1: ({ latencies }) => Math.max(0.1, latencies[50]),
        x2: ({ latencies }) => Math.max(0.1, latencies[99]),
        stroke: 'currentColor',
        strokeOpacity: 0.5,
      }),
      Plot.dot(rows, { y: 'name', x: 'ms', fill: ({ share }) => colourOf(share), r: 5 }),
      Plot.text(rows, {
        y: 'name',
        x: 'ms',
        text: ({ ms }) => ms.toFixed(ms < 10 ? 1 : 0),
        dy: -10,
        fontSize: 10,
      }),
    ],
  });
}

const shareText = (/** @type {number | null} */ got) =>
  got === null ? 'not measured: no call succeeded' : `${got} % measured`;

/** @param {LabReport['scenarios'][number]} scenario */
function scenarioCard(scenario) {
  const { name, about, use, differs, error, shares, scaledProxies, series, failures, marks } = scenario;
  const container = element('div', { class: 'figure' });
  const colourOf = podColours();
  const pods = [...new Set(series.map(({ pod }) => pod))].sort(byName);
  pods.forEach(colourOf);
  const card = element('article', { class: 'card', id: name });
  card.append(
    element('h3', {}, name),
    element('p', {}, about),
    element('p', {}, element('strong', {}, 'When: '), use),
    element('p', { class: 'quiet' }, `Unlike a real cluster: ${differs}`),
  );
  if (error !== undefined) card.append(element('p', { class: 'bad' }, `Not all of it was run: ${error}`));
  if (shares) {
    const steps = shares
      .map(({ wanted, got, header }) =>
        header === undefined
          ? `${wanted} % wanted, ${shareText(got)}`
          : `of calls with ${header}, ${shareText(got)} (at 0 % for all others)`,
      )
      .join('; ');
    card.append(element('p', {}, `Share of the new version: ${steps}.`));
  }
  if (scaledProxies) {
    const { before, added, seconds } = scaledProxies;
    const text =
      `Proxies added, ${before.length} → ${before.length + added.length}: in the ${seconds} s after that the old ones ` +
      `had ${before.join(' and ')} calls, the new ones ${added.join(' and ')}.`;
    card.append(element('p', {}, text));
  }
  at('each').append(card);
  if (series.length === 0) return;
  card.append(container, legend(pods, colourOf));
  const stepS = 0.5;
  const last = Math.max(...series.map(({ s }) => s));
  const xs = d3.range(0, last + stepS, stepS);
  const rows = stackedCalls(
    series.map(({ s, pod, calls }) => ({ x: s, pod, calls: calls / stepS })),
    xs,
  );
  const label = `Calls a second by pod in ${name}. ${marks.map(({ s, text }) => `${s.toFixed(0)} s: ${text}`).join(', ')}.`;
  // Marks close together are written on lines of their own.
  const narrow = container.clientWidth < 600;
  const lines = marks.map((mark, i) => ({
    ...mark,
    text: narrow ? String(i + 1) : mark.text,
    line: i % 2,
    isLast: i === marks.length - 1,
  }));
  if (narrow)
    card.append(element('p', { class: 'quiet' }, marks.map(({ text }, i) => `${i + 1}: ${text}`).join('; ')));
  chart(container, label, {
    height: 230,
    marginTop: 36,
    marginBottom: 36,
    x: axisBelow('seconds'),
    y: { label: 'calls/s', grid: true },
    marks: [
      Plot.areaY(rows, {
        x: 'x',
        y: 'calls',
        z: 'pod',
        fill: (row) => colourOf(row.pod),
        curve: 'step-after',
        order: 'z',
      }),
      Plot.ruleX(lines, { x: 's', stroke: 'currentColor', strokeDasharray: '3,3' }),
      ...[0, 1].flatMap((line) =>
        // The last one is written to the left of its line: there is no room on the right.
        [false, true].map((isLast) =>
          Plot.text(
            lines.filter((mark) => mark.line === line && mark.isLast === isLast),
            {
              x: 's',
              text: 'text',
              frameAnchor: 'top',
              textAnchor: isLast ? 'end' : 'start',
              dx: isLast ? -2 : 2,
              dy: -14 - 14 * line,
            },
          ),
        ),
      ),
      Plot.dot(failures, {
        x: 's',
        y: 0,
        r: (row) => Math.min(8, 2 + row.calls),
        fill: '#d62728',
        stroke: 'white',
      }),
      Plot.ruleY([0]),
    ],
  });
}

/** @type {FigureName[]} */
const sideFigures = [
  'evenMs',
  'firstCallMs',
  'lostRestart',
  'lostKill',
  'p99SlowMs',
  'p99EwmaMs',
  'addedP50Ms',
  'addedP99Ms',
  'addedCpuUs',
];

function draw() {
  for (const id of ['side', 'each']) at(id).replaceChildren();
  // All containers first: only then do they have the width that they will have.
  const figures = sideFigures.map((name) => ({ name, container: element('div', { class: 'figure' }) }));
  for (const { name, container } of figures)
    at('side').append(element('div', { class: 'card' }, element('h3', {}, kinds[name].title), container));
  figures.forEach(sideBySide);
  convergence();
  latency();
  report.scenarios.forEach(scenarioCard);
}

facts();
table();
recommendations();
at('differs').append(...report.differences.map((text) => element('li', {}, text)));
draw();
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  draw();
});
