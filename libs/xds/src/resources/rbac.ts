import type { AllowedCalls } from '@evenly/mesh-config';
import {
  Permission,
  Policy,
  Principal,
  Principal_Authenticated,
  RBAC as Rules,
  RBAC_Action,
} from '@evenly/proto/envoy/config/rbac/v3/rbac';
import { RBAC } from '@evenly/proto/envoy/extensions/filters/http/rbac/v3/rbac';
import { PathMatcher } from '@evenly/proto/envoy/type/matcher/v3/path';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { message, packed } from './message.ts';
import { nameMatcher } from './transport-security.ts';

/** Lets in what one of the entries allows, and nothing else (gRFC A41). Only of fields that every gRPC library reads alike. */
export function rbacFilter(allow: readonly AllowedCalls[]): Any {
  const policies = Object.fromEntries(
    allow.map(({ clients, methods }, index) => [
      String(index),
      message(Policy, {
        principals: clients === undefined ? [anybody] : clients.map(clientNamed),
        permissions: methods === undefined ? [anything] : methods.map(method),
      }),
    ]),
  );
  const rules = message(Rules, { action: RBAC_Action.ALLOW, policies });
  return packed('envoy.extensions.filters.http.rbac.v3.RBAC', RBAC, { rules });
}

const anybody = message(Principal, { identifier: { $case: 'any', value: true } });
const anything = message(Permission, { rule: { $case: 'any', value: true } });

/**
 * With any name: who has no certificate does not get this far, where clients are named. (`authenticated` without a name would
 * say it too, but grpc-java 1.85 rejects the listener for that.)
 */
function clientNamed(name: string): Principal {
  if (name === '*') return anybody;
  const value = message(Principal_Authenticated, { principalName: nameMatcher(name) });
  return message(Principal, { identifier: { $case: 'authenticated', value } });
}

function method(pattern: string): Permission {
  const value = message(PathMatcher, { rule: { $case: 'path', value: nameMatcher(pattern) } });
  return message(Permission, { rule: { $case: 'urlPath', value } });
}
