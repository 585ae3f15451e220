import type { AllowedCalls } from '@evenly/mesh-config';
import { HTTPFault } from '@evenly/proto/envoy/extensions/filters/http/fault/v3/fault';
import { GrpcWeb } from '@evenly/proto/envoy/extensions/filters/http/grpc_web/v3/grpc_web';
import { Router } from '@evenly/proto/envoy/extensions/filters/http/router/v3/router';
import { HttpFilter } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { message, packed } from './message.ts';
import { rbacFilter } from './rbac.ts';
import { sessionFilter, sessionFilterName } from './sessions.ts';

export const faultFilterName = 'envoy.filters.http.fault';

const filter = (name: string, value: Any, isOptional = false): HttpFilter =>
  message(HttpFilter, { name, configType: { $case: 'typedConfig', value }, isOptional });

/** The filters of a listener. Only what is used: a client refuses a listener with a filter that it does not know. */
export function httpFilters(use: {
  faults: boolean;
  sessions: boolean;
  grpcWeb: boolean;
  /** Absent = every call is let in. */
  allow?: readonly AllowedCalls[] | undefined;
}): HttpFilter[] {
  const prefix = 'envoy.extensions.filters.http';
  return [
    ...(use.grpcWeb
      ? [filter('envoy.filters.http.grpc_web', packed(`${prefix}.grpc_web.v3.GrpcWeb`, GrpcWeb, {}))]
      : []),
    // Optional: a client without fault injection serves on without it (gRFC A33).
    ...(use.faults
      ? [filter(faultFilterName, packed(`${prefix}.fault.v3.HTTPFault`, HTTPFault, {}), true)]
      : []),
    // Optional: a client that keeps no sessions serves on all the same.
    ...(use.sessions ? [filter(sessionFilterName, sessionFilter(), true)] : []),
    ...(use.allow === undefined ? [] : [filter('envoy.filters.http.rbac', rbacFilter(use.allow))]),
    // gRPC clients refuse a listener whose last filter is not the router (gRFC A39).
    filter('envoy.filters.http.router', packed(`${prefix}.router.v3.Router`, Router, {})),
  ];
}
