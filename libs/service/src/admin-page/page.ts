import { html, type Html } from './html.ts';

/** The whole page around the part that changes. It reads well without its script, which only brings updates. */
export function pageText(title: string, query: string, live: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/page.css" />
        <script src="/assets/page.js" defer></script>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <form role="search" action="/">
            <label for="q">Name</label>
            <input id="q" name="q" value="${query}" autocomplete="off" spellcheck="false" />
            <button>Filter</button>
          </form>
          <p class="muted">
            <span id="freshness" role="status"></span>
            <button id="pause" type="button" hidden>Pause</button>
            <a href="/status">JSON</a> <a href="/metrics">Metrics</a>
          </p>
        </header>
        <main id="live">${live}</main>
      </body>
    </html>`.text;
}
