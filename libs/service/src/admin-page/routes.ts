import { json, type AdminResponse, type AdminRoutes } from '../admin-routes.ts';
import { pageCss, pageJs } from './assets.ts';
import type { Html } from './html.ts';
import { pageText } from './page.ts';

/**
 * No script but the page's own runs, and nothing is asked of other hosts: a second wall behind the escaping.
 * no-store: the back button must not show an old state as the present one.
 */
const headers = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

export interface AdminPage<S> {
  title: string;
  /** All that there is to tell, as JSON can have it. */
  status: () => S | Promise<S>;
  /** The status in words, of what has `query` in its name. */
  live: (status: S, query: string) => Html;
}

/** `GET /` for people, `GET /status` for programs. */
export function addAdminPage<S>(routes: AdminRoutes, { title, status, live }: AdminPage<S>): void {
  const respond = (
    path: string,
    type: AdminResponse['type'],
    body: (query: string) => string | Promise<string>,
  ) => {
    routes.get(path, async ({ query }) => ({ headers, type, body: await body(nameOf(query.get('q'))) }));
  };
  respond('/', 'html', async (name) => pageText(title, name, live(await status(), name)));
  respond('/live', 'html', async (name) => live(await status(), name).text);
  respond('/assets/page.css', 'css', () => pageCss);
  respond('/assets/page.js', 'js', () => pageJs);
  routes.get('/status', () => {
    const answer = (body: S) => json(body, { headers });
    const body = status();
    return body instanceof Promise ? body.then(answer) : answer(body);
  });
}

/** What shown names contain. No name is longer than this. */
const nameOf = (query: string | null) => (query ?? '').trim().slice(0, 256);
