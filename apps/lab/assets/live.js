/* The live page: draws what /events tells each second, and asks the lab by its REST API. */
'use strict';

/** As the lab has numbered the pods: all pages, also one that is loaded anew, have the same colours. */
let numbers = /** @type {Record<string, number>} */ ({});
const colourOf = (/** @type {string} */ pod) => colourNumber(numbers[pod] ?? 0);
const historySeconds = 60;
/** The seconds that are shown. @type {TrafficSecond[]} */
let past = [];
let scenarios = /** @type {Scenario[]} */ ([]);
let shown = '';

const events = new EventSource('/events');
events.addEventListener('history', ({ data }) => (past = JSON.parse(data)));
events.addEventListener('look', ({ data }) => look(JSON.parse(data)));
events.addEventListener('error', () => say('The lab does not answer; what is shown is old.', true));

/**
 * Asks the lab to do something, and says what came of it.
 * @param {string} path
 * @param {object | undefined} body
 * @param {string} done
 */
async function ask(path, body, done) {
  say('…');
  try {
    const response = await fetch(path, {
      method: 'POST',
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    const answer = await response.json();
    say(response.ok ? done : answer.error.message, !response.ok);
  } catch (error) {
    say(`No answer: ${wordsOf(error)}`, true);
  }
}

/** @param {string} text */
function say(text, isBad = false) {
  at('said').textContent = text;
  at('said').className = isBad ? 'bad' : 'quiet';
}

/** @param {LiveEvent} event */
function look({ status, traffic, numbers: numbered, xds }) {
  numbers = numbered;
  if (at('said').textContent.startsWith('The lab does not answer')) say('');
  past.push(traffic);
  if (past.length > historySeconds) past.shift();
  if (status.scenario !== shown) changeScenario(status.scenario);
  if (document.activeElement !== at('rate')) showRate(status.rate);
  drawCalls();
  drawGraph(status, traffic);
  keep(
    'services',
    status.services.map((service) => serviceCard(service, traffic)),
  );
  drawShares(status.shares);
  if (status.shares) drawGot(status.shares);
  at('apps').replaceChildren(appTable(status));
  at('xds-section').hidden = !xds;
  if (xds) at('xds').replaceChildren(xdsTable(xds));
  drawWeb(status);
}

/** The second that was over last. @returns {TrafficSecond} */
const latest = () => past.at(-1) ?? { atMs: 0, edges: [] };

/* --- scenario and rate --- */

fetch('/scenarios')
  .then((response) => response.json())
  .then((/** @type {Scenario[]} */ list) => {
    scenarios = list;
    at('scenario').replaceChildren(...list.map(({ name }) => element('option', { value: name }, name)));
    if (shown) changeScenario(shown);
  });

/** @param {string} name */
function changeScenario(name) {
  shown = name;
  const scenario = scenarios.find((each) => each.name === name);
  if (!scenario) return;
  field('scenario').value = name;
  at('about').textContent = `${scenario.about} ${scenario.use}`;
  at('differs').textContent = scenario.differs;
}

fetch('/differences')
  .then((response) => response.json())
  .then((/** @type {string[]} */ list) =>
    at('differences').replaceChildren(...list.map((text) => element('li', {}, text))),
  );

const switchTo = (/** @type {string} */ name) => ask('/scenario', { name }, `${name} runs.`);

/** @param {number} rate */
function showRate(rate) {
  const select = /** @type {HTMLSelectElement} */ (at('rate'));
  if (![...select.options].some(({ value }) => value === String(rate)))
    select.append(element('option', { value: rate }, `${rate} calls/s`));
  select.value = String(rate);
}

at('switch').addEventListener('submit', (event) => {
  event.preventDefault();
  void switchTo(field('scenario').value);
});
at('to-sidecar').addEventListener('click', () => void switchTo('sidecar'));
at('rate').addEventListener('change', () => {
  const rate = Number(field('rate').value);
  void ask(
    '/load',
    { rate },
    rate === 0 ? 'The client is gone.' : `The client makes ${rate} calls a second.`,
  );
});

/* --- shares --- */

/** @param {Record<string, number> | undefined} shares */
function drawShares(shares) {
  at('shares-section').hidden = !shares;
  if (!shares || at('shares').contains(document.activeElement)) return;
  const [[first, rest], [second, share]] = /** @type {[[string, number], [string, number]]} */ (
    Object.entries(shares)
  );
  const percent = Math.round((100 * share) / (rest + share));
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

const serviceOf = (/** @type {string} */ pod) => pod.replace(/-\d+$/, '');
const gotSeconds = 10;
let asked = { text: '', sinceMs: 0 };

/**
 * What was asked for beside what came of it: of the client's calls in the last seconds, none from before the last change.
 * @param {Record<string, number>} shares
 */
function drawGot(shares) {
  const text = JSON.stringify(shares);
  const nowMs = latest().atMs;
  // Of a page that has just come, nobody knows since when; of a change, the next second still has calls of before.
  if (asked.text !== text) asked = { text, sinceMs: asked.text === '' ? 0 : nowMs + 1000 };
  const seconds = past.slice(-gotSeconds).filter(({ atMs }) => atMs > asked.sinceMs);
  const edges = seconds.flatMap((second) => second.edges.filter(({ from, pod }) => from === 'client' && pod));
  const answered = (/** @type {Edge} */ { calls, failed }) => calls - failed;
  const total = d3.sum(edges, answered);
  const weights = d3.sum(Object.values(shares));
  const rows = Object.entries(shares).map(([service, weight]) => {
    const got = d3.sum(
      edges.filter(({ pod = '' }) => serviceOf(pod) === service),
      answered,
    );
    const measured =
      total === 0 ? 'not measured: no call was answered' : `${((100 * got) / total).toFixed(1)} %`;
    return `${service}: asked for ${((100 * weight) / weights).toFixed(0)} %, got ${measured}`;
  });
  at('got').textContent = `${rows.join('; ')}${total === 0 ? '' : ` of ${total} calls`}.`;
}

/* --- gRPC-Web --- */

let webUrl = '';

/** @param {LiveEvent['status']} status */
function drawWeb({ apps }) {
  const proxy = apps.find(({ name, state }) => name === 'l7-proxy' && state === 'running')?.ports.proxy;
  webUrl = proxy ? `http://${proxy.address}:${proxy.port}/echo.EchoServer/SayHello` : '';
  at('web').hidden = !webUrl;
  at('no-web').hidden = Boolean(webUrl);
}

at('web').addEventListener('submit', async (event) => {
  event.preventDefault();
  at('answers').textContent = '…';
  const counts = new Map();
  try {
    for (let i = 0; i < 10; i++) {
      const answer = await sayHello(webUrl, field('hello').value);
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
    at('answers').textContent = [...counts].map(([answer, count]) => `${count} × ${answer}`).join('; ');
  } catch (error) {
    at('answers').textContent = `The call failed: ${wordsOf(error)}`;
  }
});
