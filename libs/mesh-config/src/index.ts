export { ConfigError, describeFault, type ConfigFault } from './errors.ts';
export { watchFile, type LiveFileListener } from './live-file.ts';
export { readSvcConfig, srvName, type SvcConfigService } from './svc-config.ts';
