import type { Service } from '@evenly/service';
import { pageCss, pageJs } from './assets.ts';
import { liveText, page } from './page.ts';
import { serverStatus, type StatusSources } from './server-status.ts';

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

/** `GET /` for people, `GET /status` for programs. */
export function addAdminRoutes(router: Service['admin'], sources: StatusSources): void {
  const respond = (path: string, type: string, body: (query: string) => string) => {
    router.get(path, ({ query }, response) => {
      response
        .set(headers)
        .type(type)
        .send(body(nameOf(query['q'])));
    });
  };
  respond('/', 'html', (name) => page(serverStatus(sources), name));
  respond('/live', 'html', (name) => liveText(serverStatus(sources), name));
  respond('/assets/page.css', 'css', () => pageCss);
  respond('/assets/page.js', 'js', () => pageJs);
  router.get('/status', (_request, response) => {
    response.set(headers).json(serverStatus(sources));
  });
}

/** What shown names contain. No name is longer than this. */
function nameOf(query: unknown): string {
  return typeof query === 'string' ? query.trim().slice(0, 256) : '';
}
