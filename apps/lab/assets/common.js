/* What both pages share. Plot and d3 are globals, as their browser builds have them. */
'use strict';

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

/** The next ones are darker, then lighter, before they come again. */
function colourNumber(n) {
  const colour = d3.color(colours[n % colours.length]);
  const turn = Math.floor(n / colours.length) % 3;
  return String(turn === 0 ? colour : turn === 1 ? colour.darker(1) : colour.brighter(1));
}

/** Each pod keeps the colour that it was first given. */
function podColours() {
  const known = new Map();
  return (pod) => {
    if (!known.has(pod)) known.set(pod, colourNumber(known.size));
    return known.get(pod);
  };
}

/** An element with attributes and children; text is never read as HTML. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'on')
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (key === 'style') made.style.cssText = value;
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return made;
}

/** What a pod is called on a narrow chart. */
const byName = new Intl.Collator('en', { numeric: true }).compare;

/** A chart that fills its container, said in words for those who do not see it. */
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

/** The label of an x axis, where no tick is in its way. */
const axisBelow = (label) => ({ label, labelAnchor: 'center', labelArrow: 'none' });

/** Calls by pod over time, stacked. `rows` are {x, pod, calls}; a pod without calls at some time is filled with 0. */
function stackedCalls(rows, xs) {
  const pods = [...new Set(rows.map((row) => row.pod))].sort(byName);
  const found = new Map(rows.map((row) => [`${row.x} ${row.pod}`, row.calls]));
  return xs.flatMap((x) => pods.map((pod) => ({ x, pod, calls: found.get(`${x} ${pod}`) ?? 0 })));
}

function legend(pods, colourOf) {
  return element(
    'div',
    { class: 'legend' },
    pods.map((pod) =>
      element('span', {}, element('span', { class: 'key', style: `background:${colourOf(pod)}` }), pod),
    ),
  );
}
