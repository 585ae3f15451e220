/** Light and dark by the reader's choice. Text on its background has a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3). */
export const pageCss = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --muted: #57606a; --page: #f6f8fa; --card: #ffffff; --line: #d0d7de;
  --link: #0757ba; --good: #17692f; --bad: #b3161f; --bad-page: #fff0ee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --muted: #9ba5b0; --page: #0d1117; --card: #161b22; --line: #30363d;
    --link: #6cb0ff; --good: #56d071; --bad: #ff8a80; --bad-page: #2b1516;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 72rem;
  font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
  overflow-wrap: anywhere;
}
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; }
h1 { font-size: 1.4rem; margin: 0; flex: 1 0 auto; }
h2 { font-size: 1.15rem; margin: 1.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; }
a { color: var(--link); }
form { display: flex; gap: .5rem; align-items: center; max-width: 100%; }
input, button {
  font: inherit; color: inherit; background: var(--card); min-width: 0;
  border: 1px solid var(--muted); border-radius: .35rem; padding: .3rem .7rem; min-height: 2.25rem;
}
button { cursor: pointer; }
summary { cursor: pointer; padding: .3rem 0; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.summary { font-weight: 600; margin-top: .75rem; }
.muted { color: var(--muted); font-size: .9rem; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
.card, .problems li {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; margin: .5rem 0;
}
.problems { list-style: none; margin: 0; padding: 0; }
.problems li { background: var(--bad-page); border-left: .3rem solid var(--bad); }
.scroll { overflow-x: auto; position: relative; }
table { border-collapse: collapse; width: 100%; min-width: 52rem; font-size: .9rem; overflow-wrap: normal; }
.hidden { position: absolute; clip-path: inset(50%); white-space: nowrap; } /* for screen readers only */
caption { text-align: left; color: var(--muted); padding: .4rem 0; overflow-wrap: anywhere; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 600; border-top: 0; white-space: nowrap; }
tbody th { font-weight: 500; min-width: 7rem; }
td, tbody th { max-width: 26rem; overflow-wrap: anywhere; }
td { min-width: 5rem; }
thead .number, .number { text-align: right; font-variant-numeric: tabular-nums; }
code { font: .92em ui-monospace, monospace; white-space: nowrap; }
`;

/**
 * Brings updates every two seconds while the page is seen, and keeps out of the reader's way: it stops when told to, while
 * text is selected, and leaves what is opened, focused and scrolled as it is.
 */
export const pageJs = `
const live = document.getElementById('live');
const freshness = document.getElementById('freshness');
const pause = document.getElementById('pause');
let paused = false;

function replace(text) {
  const open = new Set([...live.querySelectorAll('details')].filter((each) => each.open).map((each) => each.dataset.key));
  const regions = () => [...live.querySelectorAll('.scroll')];
  const scrolled = new Map(regions().map((each) => [each.getAttribute('aria-label'), each.scrollLeft]));
  const focus = document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.parentElement?.dataset.key;
  live.innerHTML = text; // made by this server, every value escaped
  for (const each of live.querySelectorAll('details')) each.open = open.has(each.dataset.key);
  for (const each of regions()) {
    const label = each.getAttribute('aria-label');
    each.scrollLeft = scrolled.get(label) ?? 0;
    if (label === focus) each.focus({ preventScroll: true });
  }
  for (const each of live.querySelectorAll('details')) {
    if (each.dataset.key === focus) each.querySelector('summary').focus({ preventScroll: true });
  }
}

async function refresh() {
  if (paused || document.hidden || !(getSelection()?.isCollapsed ?? true)) return;
  try {
    const response = await fetch('/live' + location.search, { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(String(response.status));
    replace(await response.text());
    if (freshness.textContent !== 'Live.') freshness.textContent = 'Live.';
  } catch {
    if (freshness.textContent !== 'No answer; this is old.') freshness.textContent = 'No answer; this is old.';
  }
}

pause.hidden = false;
freshness.textContent = 'Live.';
pause.addEventListener('click', () => {
  paused = !paused;
  pause.textContent = paused ? 'Go on' : 'Pause';
  freshness.textContent = paused ? 'Paused.' : 'Live.';
});
const loop = () => refresh().finally(() => setTimeout(loop, 2000));
setTimeout(loop, 2000);
`;
