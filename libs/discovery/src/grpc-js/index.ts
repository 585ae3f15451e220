import { register } from './register.ts';

export type { RegisterOptions } from './options.ts';
export { register };

register();
