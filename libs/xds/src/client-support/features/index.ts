import type { Feature } from '../difference.ts';
import { attemptFeatures } from './attempts.ts';
import { endpointFeatures } from './endpoints.ts';
import { policyFeatures } from './policies.ts';
import { routeFeatures } from './routes.ts';
import { securityFeatures } from './security.ts';

export { isForOurProxyOnly } from './security.ts';

/** What clients do in another way than the docs say: the one place for it. */
export const features: readonly Feature[] = [
  ...policyFeatures,
  ...attemptFeatures,
  ...routeFeatures,
  ...endpointFeatures,
  ...securityFeatures,
];
