import {
  changedNameFault,
  changedValueFault,
  headerChangeLimits,
  type HeaderChanges,
  type HeaderValue,
} from '@evenly/mesh-config';
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOption,
} from '@evenly/proto/envoy/config/core/v3/base';
import type { HeaderOptions } from '../../resources/header-options.ts';
import { Refusal, refuseIf } from '../refusal.ts';

/** What becomes of headers. @throws Refusal */
export function parseHeaderOptions(of: HeaderOptions): {
  requestHeaders?: HeaderChanges;
  responseHeaders?: HeaderChanges;
} {
  const requestHeaders = changesOf(of.requestHeadersToAdd, of.requestHeadersToRemove);
  const responseHeaders = changesOf(of.responseHeadersToAdd, of.responseHeadersToRemove);
  return {
    ...(requestHeaders === undefined ? {} : { requestHeaders }),
    ...(responseHeaders === undefined ? {} : { responseHeaders }),
  };
}

function changesOf(
  options: readonly HeaderValueOption[],
  removed: readonly string[],
): HeaderChanges | undefined {
  const { fields } = headerChangeLimits;
  refuseIf(options.length > fields || removed.length > fields, `changes more than ${fields} headers`);
  const set: HeaderValue[] = [];
  const add: HeaderValue[] = [];
  for (const option of options) {
    const value = valueOf(option);
    const isSet = replaces(option);
    // Envoy goes by the order: the last of several to be set is what is there, and what is added before it is gone.
    refuseIf(isSet && [...set, ...add].some(({ name }) => name === value.name), `sets ${value.name} twice`);
    (isSet ? set : add).push(value);
  }
  const remove = [...new Set(removed.map(nameOf))];
  if (set.length + add.length + remove.length === 0) return undefined;
  return {
    ...(set.length === 0 ? {} : { set }),
    ...(add.length === 0 ? {} : { add }),
    ...(remove.length === 0 ? {} : { remove }),
  };
}

/** `append` is the older word for it. */
function replaces({ append, appendAction, header }: HeaderValueOption): boolean {
  if (append !== undefined) return !append;
  switch (appendAction) {
    case AppendAction.OVERWRITE_IF_EXISTS_OR_ADD:
      return true;
    case AppendAction.APPEND_IF_EXISTS_OR_ADD:
      return false;
    default:
      throw new Refusal(`header ${header?.key}: append_action ${appendAction} is not supported`);
  }
}

function valueOf({ header }: HeaderValueOption): HeaderValue {
  if (header === undefined) throw new Refusal('a header to add has no name');
  refuseIf(header.rawValue.length > 0, `header ${header.key}: raw_value is not supported`);
  const name = nameOf(header.key);
  const value = header.value.replaceAll('%%', '\0');
  refuseIf(value.includes('%'), `header ${name}: only values are added, no %COMMANDS%`);
  const plain = value.replaceAll('\0', '%');
  const fault = changedValueFault(name, plain);
  if (fault !== undefined) throw new Refusal(`the value of header ${name} ${fault}`);
  return { name, value: plain };
}

function nameOf(key: string): string {
  const name = key.toLowerCase();
  const fault = changedNameFault(name);
  if (fault !== undefined) throw new Refusal(`header ${JSON.stringify(key)} ${fault}`);
  return name;
}
