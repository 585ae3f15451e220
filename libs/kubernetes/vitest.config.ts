export { default } from '../../vitest.config.core.ts';
