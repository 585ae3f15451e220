export { followConfigFiles, followConfigFilesFromNow, type ConfigFilesListener } from './config-files.ts';
export { endpointSourceOf, type SourceContext } from './endpoint-source.ts';
export { lazyKubernetes } from './kubernetes.ts';
