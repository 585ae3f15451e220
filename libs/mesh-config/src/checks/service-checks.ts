import type { ConfigPart } from '../config-part.ts';
import type { ConfigFault } from '../errors.ts';
import { checkedItems, duplicateFaults } from './checked-item.ts';

/** In one YAML file keys cannot be there twice, but they can differ in case only, and two files can have the same. */
export function serviceFaults(parts: readonly ConfigPart[]): ConfigFault[] {
  const services = parts.flatMap((part) => checkedItems(part, part.config.services.values()));
  return duplicateFaults(services, ({ name }) => name.toLowerCase(), 'the service');
}
