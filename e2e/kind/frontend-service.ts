import type { Frontend } from '../shared/wait.ts';
import type { Kubectl } from './kubectl.ts';

/** The frontends that are ready, by way of the API server: ways to single pods end with these. */
export const frontendService = (kubectl: Kubectl): Frontend => ({
  call: async (service, calls) => {
    const path = `/api/v1/namespaces/${kubectl.namespace}/services/frontend:http/proxy/${service}?calls=${calls}`;
    const nobody = { messages: [], byPod: new Map<string, number>(), failed: 0 };
    return kubectl.run('get', '--raw', path).then(
      ({ stdout }) => ({ status: 200, text: stdout, ...nobody }),
      (error: Error) => ({ status: 502, text: error.message, ...nobody }),
    );
  },
});
