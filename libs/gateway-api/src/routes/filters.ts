import {
  changedNameFault,
  changedValueFault,
  type HeaderChanges,
  type Mirror,
  type Route,
} from '@evenly/mesh-config';
import type { Filter, HeaderFilter, MirrorFilter } from '../objects/filters.ts';
import type { Backends } from './backends.ts';
import { UnsupportedRule } from './ranked-match.ts';

export type FilterActions = Pick<Route, 'requestHeaders' | 'responseHeaders' | 'mirrors'>;
export type HeaderActions = Pick<Route, 'requestHeaders' | 'responseHeaders'>;

/**
 * What the filters of a rule come to.
 * @throws UnsupportedRule
 */
export function filterActions(filters: readonly Filter[], backends: Backends): FilterActions {
  const mirrors: Mirror[] = [];
  const others = filters.filter((filter) => {
    if (filter.type !== 'RequestMirror') return true;
    const service = backends.find(filter.requestMirror.backendRef);
    // A mirror that is not there takes nothing from the calls themselves.
    if (service !== undefined)
      mirrors.push({ service: service.name, percent: percentOf(filter.requestMirror) });
    return false;
  });
  return { ...headerActions(others), ...(mirrors.length > 0 ? { mirrors } : {}) };
}

/**
 * What the filters of a single backend come to, which can change headers and nothing else.
 * @throws UnsupportedRule
 */
export function headerActions(filters: readonly Filter[]): HeaderActions {
  const actions: HeaderActions = {};
  const once = (field: keyof HeaderActions, changes: HeaderChanges, name: string) => {
    if (actions[field] !== undefined) throw new UnsupportedRule(`filter ${name} is there twice`);
    actions[field] = changes;
  };
  for (const filter of filters) {
    if (filter.type === 'RequestHeaderModifier')
      once('requestHeaders', headerChanges(filter.requestHeaderModifier), filter.type);
    else if (filter.type === 'ResponseHeaderModifier')
      once('responseHeaders', headerChanges(filter.responseHeaderModifier), filter.type);
    else
      throw new UnsupportedRule(
        `filter ${filter.type === 'unsupported' ? filter.name : filter.type} is not supported here`,
      );
  }
  return actions;
}

function headerChanges({ set, add, remove }: HeaderFilter): HeaderChanges {
  for (const name of [...set, ...add].map((one) => one.name).concat(remove))
    refuse(name, changedNameFault(name));
  for (const { name, value } of [...set, ...add]) refuse(name, changedValueFault(name, value));
  return {
    ...(set.length > 0 ? { set } : {}),
    ...(add.length > 0 ? { add } : {}),
    ...(remove.length > 0 ? { remove } : {}),
  };
}

function refuse(header: string, fault: string | undefined): void {
  if (fault !== undefined) throw new UnsupportedRule(`header ${header} ${fault}`);
}

function percentOf({ percent, fraction }: MirrorFilter): number {
  if (fraction) return Math.min(100, (fraction.numerator / fraction.denominator) * 100);
  return percent ?? 100;
}
