/** For `import()`: what few starts need is not loaded by the others. A module of ours, for a bundle has no names of CommonJS. */
export { default as pretty } from 'pino-pretty';
