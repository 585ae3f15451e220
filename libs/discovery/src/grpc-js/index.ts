import { register } from './register.ts';

export { channelReady } from './channel-ready.ts';
export type { RegisterOptions } from './options.ts';
export { register };

register();
