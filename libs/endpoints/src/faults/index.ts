export { explainIssues, type Explained, type Issue } from './explain-issues.ts';
export type { Schema } from './known-fields.ts';
