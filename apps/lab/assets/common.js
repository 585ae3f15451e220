/* What both pages share. Plot and d3 are globals, as their browser builds have them. */
'use strict';

/** The element of the page that has this id. @param {string} id */
function at(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element ${id}.`);
  return found;
}

/** A field of a form. @param {string} id */
const field = (id) => /** @type {HTMLInputElement | HTMLSelectElement} */ (at(id));

/** What an error says. @param {unknown} error */
const wordsOf = (error) => (error instanceof Error ? error.message : String(error));

/** Distinguishable also by those who see colours differently; two more than pods usually run. */
const colours = [
  '#4269d0',
  '#efb118',
  '#ff725c',
  '#6cc5b0',
  '#3ca951',
  '#ff8ab7',
  '#a463f2',
  '#97bbf5',
  '#9c6b4e',
  '#9498a0',
];

/** The next ones are darker, then lighter, before they come again. @param {number} n */
function colourNumber(n) {
  const colour = d3.color(colours[n % colours.length] ?? '');
  const turn = Math.floor(n / colours.length) % 3;
  return String(turn === 0 ? colour : turn === 1 ? colour.darker(1) : colour.brighter(1));
}

/** Each pod keeps the colour that it was first given. */
function podColours() {
  /** @type {Map<string, string>} */
  const known = new Map();
  return (/** @type {string} */ pod) => {
    const colour = known.get(pod) ?? colourNumber(known.size);
    known.set(pod, colour);
    return colour;
  };
}

/**
 * An element with attributes and children; text is never read as HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Attributes} attributes
 * @param {(Child | readonly Child[])[]} children
 */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'on') continue;
    if (key === 'style') made.style.cssText = String(value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== undefined) made.setAttribute(key, String(value));
  }
  for (const [event, listener] of Object.entries(attributes.on ?? {})) made.addEventListener(event, listener);
  for (const child of children.flat()) if (child !== undefined && child !== false) made.append(child);
  return made;
}

/** What a pod is called on a narrow chart. */
const byName = new Intl.Collator('en', { numeric: true }).compare;

/**
 * A chart that fills its container, said in words for those who do not see it.
 * @param {HTMLElement} container
 * @param {string} label
 * @param {ChartOptions} options
 */
function chart(container, label, options) {
  const svg = Plot.plot({
    width: Math.max(280, container.clientWidth),
    style: { background: 'transparent', color: 'inherit', fontSize: '12px' },
    ...options,
  });
  // Plot labels its groups, which ARIA does not allow on what has no role.
  for (const group of svg.querySelectorAll('[aria-label]')) group.removeAttribute('aria-label');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  container.replaceChildren(svg);
}

/**
 * The label of an x axis, where no tick is in its way.
 * @param {string} label
 * @returns {ScaleOptions}
 */
const axisBelow = (label) => ({ label, labelAnchor: 'center', labelArrow: 'none' });

/**
 * Calls by pod over time, stacked; a pod without calls at some time is filled with 0.
 * @param {{ x: number, pod: string, calls: number }[]} rows
 * @param {number[]} xs
 */
function stackedCalls(rows, xs) {
  const pods = [...new Set(rows.map((row) => row.pod))].sort(byName);
  const found = new Map(rows.map((row) => [`${row.x} ${row.pod}`, row.calls]));
  return xs.flatMap((x) => pods.map((pod) => ({ x, pod, calls: found.get(`${x} ${pod}`) ?? 0 })));
}

/** @param {string[]} pods @param {(pod: string) => string} colourOf */
function legend(pods, colourOf) {
  return element(
    'div',
    { class: 'legend' },
    pods.map((pod) =>
      element('span', {}, element('span', { class: 'key', style: `background:${colourOf(pod)}` }), pod),
    ),
  );
}
