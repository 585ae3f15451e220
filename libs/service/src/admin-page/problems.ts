import { html, type Html } from './html.ts';
import { count } from './format-text.ts';

/** Problems that are listed; behind many of them is mostly one cause. */
const maxListed = 50;

/** What is wrong now, if anything: the first thing that people look for. */
export function problemsSection(problems: readonly Html[]): Html {
  const rest = problems.length - maxListed;
  return html`<section aria-labelledby="problems">
    <h2 id="problems">Problems</h2>
    ${
      problems.length === 0
        ? html`<p class="good">None now.</p>`
        : html`<ul class="problems">
            ${problems.slice(0, maxListed).map((problem) => html`<li>${problem}</li>`)}
          </ul>`
    }
    ${rest > 0 ? html`<p>And ${count(rest, 'more', 'more')}; all are in <a href="/status">/status</a>.</p>` : undefined}
  </section>`;
}
