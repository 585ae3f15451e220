export { certificateProblems } from './certificates.ts';
export { clusterProblems, clustersSection, placeOf } from './clusters.ts';
export { html, Html, type HtmlValue } from './html.ts';
export { problemsSection } from './problems.ts';
export { readinessProblems } from './readiness.ts';
export { addAdminPage, type AdminPage } from './routes.ts';
export { servicesSection, type ServicesView } from './services.ts';
export { ago, count, firstOf } from './format-text.ts';
