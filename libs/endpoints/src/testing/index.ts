export { drivenSource } from './driven-source.ts';
export { observe } from './observe.ts';
export { compliesAsSource, type SourceUnderTest } from './source-compliance.ts';
export { packagesOf } from './packages-of.ts';
