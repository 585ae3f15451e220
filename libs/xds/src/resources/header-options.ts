import type { HeaderChanges, HeaderValue } from '@evenly/mesh-config';
import {
  HeaderValue as XdsHeaderValue,
  HeaderValueOption,
  HeaderValueOption_HeaderAppendAction as AppendAction,
} from '@evenly/proto/envoy/config/core/v3/base';
import { message } from './message.ts';

/** Of a route, or of one of its weighted clusters: the fields that say what becomes of headers. */
export interface HeaderOptions {
  requestHeadersToAdd: HeaderValueOption[];
  requestHeadersToRemove: string[];
  responseHeadersToAdd: HeaderValueOption[];
  responseHeadersToRemove: string[];
}

/** @returns nothing where nothing is changed: the defaults are empty lists */
export function headerOptions(of: {
  requestHeaders?: HeaderChanges | undefined;
  responseHeaders?: HeaderChanges | undefined;
}): Partial<HeaderOptions> {
  const { requestHeaders, responseHeaders } = of;
  return {
    ...(requestHeaders === undefined
      ? {}
      : { requestHeadersToAdd: added(requestHeaders), requestHeadersToRemove: removed(requestHeaders) }),
    ...(responseHeaders === undefined
      ? {}
      : { responseHeadersToAdd: added(responseHeaders), responseHeadersToRemove: removed(responseHeaders) }),
  };
}

const removed = ({ remove = [] }: HeaderChanges): string[] => [...remove];

const added = ({ set = [], add = [] }: HeaderChanges): HeaderValueOption[] => [
  ...set.map((one) => option(one, AppendAction.OVERWRITE_IF_EXISTS_OR_ADD)),
  ...add.map((one) => option(one, AppendAction.APPEND_IF_EXISTS_OR_ADD)),
];

const option = ({ name, value }: HeaderValue, appendAction: HeaderValueOption['appendAction']) =>
  message(HeaderValueOption, {
    header: message(XdsHeaderValue, { key: name, value: escaped(value) }),
    appendAction,
  });

/** To an Envoy a `%` begins a command such as `%DOWNSTREAM_REMOTE_ADDRESS%`, and two are one. */
const escaped = (value: string) => value.replaceAll('%', '%%');
