import type { ServiceResponse } from './service-response.ts';
import { defaultCalls, maxCalls } from './config.ts';

const style = `
  :root { color-scheme: light dark; --bar: #2563eb; --line: #8884; --bad: #b91c1c; }
  @media (prefers-color-scheme: dark) { :root { --bar: #60a5fa; --bad: #fca5a5; } }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
  h1 { font-size: 1.4rem; }
  table { width: 100%; border-collapse: collapse; }
  caption { text-align: left; padding-bottom: .5rem; }
  th, td { text-align: left; padding: .35rem .5rem .35rem 0; border-top: 1px solid var(--line); font-weight: normal; }
  td.count { text-align: right; font-variant-numeric: tabular-nums; }
  td.share { width: 45%; }
  td.share div { background: var(--bar); height: .8rem; min-width: 2px; border-radius: .2rem; }
  .error { border-left: .3rem solid var(--bad); padding-left: .7rem; }
  nav a { display: inline-block; padding: .5rem 1rem .5rem 0; }
  ol { padding-left: 2.5rem; }
  code { font-size: .95em; }
`;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string) => text.replaceAll(/[&<>"']/g, (character) => escapes[character]!);

/** A whole page. @param body HTML; what comes from elsewhere must be escaped in it already */
function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

/** Who answered how often, and what went wrong. */
export function responsePage(service: string, result: ServiceResponse): string {
  const { error, report } = result;
  const parts = [`<h1>${escape(service)}</h1>`];
  if (error)
    parts.push(
      `<p class="error" role="alert"><strong>${escape(error.code)}</strong> ${escape(error.message)}</p>`,
    );
  if (report && report.messages.length > 0)
    parts.push(podTable(report.messages), messageList(report.messages));
  if (report) parts.push(callLinks(service));
  parts.push('<p><a href="/">How to use this</a></p>');
  const title = error ? `${service}: ${error.code}` : `${service}: ${report?.messages.length} calls`;
  return page(title, parts.join('\n'));
}

function podTable(messages: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const message of messages) counts.set(podOf(message), (counts.get(podOf(message)) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const rows = [...counts]
    .sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .map(([pod, count]) => {
      const width = Math.round((100 * count) / most);
      return `<tr><th scope="row">${escape(pod)}</th><td class="count">${count}</td><td class="share" aria-hidden="true"><div style="width:${width}%"></div></td></tr>`;
    });
  return `<table>
<caption>${messages.length} answers from ${counts.size} ${counts.size === 1 ? 'pod' : 'pods'}</caption>
<thead><tr><th scope="col">Pod</th><th scope="col">Answers</th><td></td></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
}

/** The name that a pod answered with; see echo-backend. */
function podOf(message: string): string {
  return / from hostname (.+)$/s.exec(message)?.[1] ?? 'unknown';
}

function messageList(messages: readonly string[]): string {
  const items = messages.map((message) => `<li>${escape(message)}</li>`);
  return `<details>\n<summary>All ${messages.length} messages</summary>\n<ol>\n${items.join('\n')}\n</ol>\n</details>`;
}

function callLinks(service: string): string {
  const links = [1, defaultCalls, 100, maxCalls].map(
    (calls) =>
      `<a href="/${encodeURIComponent(service)}?calls=${calls}">${calls} ${calls === 1 ? 'call' : 'calls'}</a>`,
  );
  return `<nav aria-label="Call again">${links.join('\n')}</nav>`;
}

/** The page at `/`. @param services the allow-list, if there is one */
export function usagePage(services: readonly string[]): string {
  const items = services.map(
    (service) => `<li><a href="/${encodeURIComponent(service)}">${escape(service)}</a></li>`,
  );
  const list = items.length > 0 ? `<ul>\n${items.join('\n')}\n</ul>` : '';
  return page(
    'Evenly frontend',
    `<h1>Who answers?</h1>
<p>Open <code>/&lt;service&gt;</code>, for example <a href="/be1-srv">/be1-srv</a>: this page's server makes ${defaultCalls} gRPC calls to
that service and shows which pods answered. <code>?calls=n</code> makes n calls, 1 to ${maxCalls}.</p>
${list}
<p>With <code>curl</code> the same address gives JSON, with <code>-H 'Accept: text/plain'</code> one message a line.</p>
<p><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></p>`,
  );
}

/** The same for a terminal. */
export function usageText(services: readonly string[]): string {
  const known = services.length > 0 ? `Services: ${services.join(', ')}\n` : '';
  return `GET /<service>          ${defaultCalls} gRPC calls to the service, and who answered: JSON
GET /<service>?calls=n  n calls, 1 to ${maxCalls}
  -H 'Accept: text/plain' one message a line; a browser gets a page
GET /healthz, /readyz, /metrics
${known}`;
}
