import type { HeaderFilter, Filter } from '../objects/filters.ts';
import { UnsupportedRule } from './ranked-match.ts';

export { type HeaderFilter };

/** @throws UnsupportedRule */
export function checkFilters(filters: readonly Filter[]): void {
  for (const filter of filters) {
    const name = filter.type === 'unsupported' ? filter.name : filter.type;
    throw new UnsupportedRule(`filter ${name} is not supported`);
  }
}
