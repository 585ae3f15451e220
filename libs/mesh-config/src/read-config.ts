import type { ConfigPart } from './config-part.ts';
import { parseConfig, type ConfigDocument } from './document.ts';
import { ConfigError } from './errors.ts';
import { listenerPart } from './listener-config.ts';
import { mergeConfigs } from './merge.ts';
import { meshPart } from './mesh-reader.ts';
import type { MeshConfig } from './mesh-config.ts';
import type { OlderFormatOptions } from './older-format-options.ts';
import { svcConfigPart } from './svc-config.ts';

/** The text of a config file in any of the three forms: mesh config, `svc_config.json`, listener config. */
export interface ConfigFile {
  file: string;
  text: string;
}

/**
 * Reads a config file in any of the three forms; its top-level fields tell which it is.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function readAnyConfig(text: string, file: string, options: OlderFormatOptions = {}): MeshConfig {
  return readConfigs([{ file, text }], options);
}

/**
 * Reads several files, each in any form, as one config; routes keep the order of the files.
 * @throws ConfigError with the faults of all files
 */
export function readConfigs(files: readonly ConfigFile[], options: OlderFormatOptions = {}): MeshConfig {
  const parts: ConfigPart[] = [];
  const faults = files.flatMap(({ file, text }) => {
    try {
      parts.push(readConfigPart(text, file, options));
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    }
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return mergeConfigs(parts);
}

/**
 * Reads one of several files for `mergeConfigs`.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function readConfigPart(text: string, file: string, options: OlderFormatOptions = {}): ConfigPart {
  const document = parseConfig(text, file);
  switch (formatOf(document)) {
    case 'mesh config':
      return meshPart(document);
    case 'svc_config.json':
      return svcConfigPart(document, options);
    case 'listener config':
      return listenerPart(document, options);
  }
}

type Format = 'mesh config' | 'svc_config.json' | 'listener config';

function formatOf({ file, value }: ConfigDocument): Format {
  if (typeof value === 'object' && value !== null) {
    if ('spec' in value) return 'listener config';
    if ('services' in value) return Array.isArray(value.services) ? 'svc_config.json' : 'mesh config';
    if (['routes', 'listeners', 'clusters'].some((field) => field in value)) return 'mesh config';
  }
  const reason =
    'is none of the configs that are known: a mesh config has "services" by name, svc_config.json has a list of ' +
    '"services", a listener config has "spec"';
  throw new ConfigError([{ file, line: 1, field: '', reason }]);
}
