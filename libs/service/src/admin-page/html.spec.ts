import fc from 'fast-check';
import { expect, it } from 'vitest';
import { html } from './html.ts';

it('escapes values, in text and in attributes, and takes its own parts as they are', () => {
  const evil = `<script>alert("1" & '2')</script>`;
  expect(
    html`<p title="${evil}">${html`<b>${evil}</b>`}${[1, undefined, ['x', html`<i></i>`]]}</p>`.text,
  ).toBe(
    '<p title="&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;">' +
      '<b>&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</b>1x<i></i></p>',
  );
});

it('lets nothing that is not its own become markup', () => {
  fc.assert(fc.property(fc.string(), (text) => void expect(html`${text}`.text).not.toMatch(/[<>"']/)));
});
