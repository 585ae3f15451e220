import type { ConfigPart } from '../config-part.ts';
import type { ConfigFault } from '../errors.ts';
import { placed, twiceFaults } from './placed.ts';

/** In one YAML file keys cannot be there twice, but they can differ in case only, and two files can have the same. */
export function serviceFaults(parts: readonly ConfigPart[]): ConfigFault[] {
  const services = parts.flatMap((part) => placed(part, part.config.services.values()));
  return twiceFaults(services, ({ name }) => name.toLowerCase(), 'the service');
}
