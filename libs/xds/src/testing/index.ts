export { extremeWorld } from './extreme-resources.ts';
export { linkedClient } from './client-link.ts';
export { tellAll } from './scripted-server.ts';
