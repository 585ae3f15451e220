export { html, Html, type HtmlValue } from './html.ts';
export { problemsSection } from './problems.ts';
export { addAdminPage, type AdminPage } from './routes.ts';
export { ago, count, firstOf } from './words.ts';
