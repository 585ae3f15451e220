/** Put in by the build of a program (apps/bundle.mjs). */
declare const EVENLY_VERSION: string | undefined;

/** Of the program, such as `0.1.0`; `development` where it runs from its sources. */
export const version = typeof EVENLY_VERSION === 'string' ? EVENLY_VERSION : 'development';
