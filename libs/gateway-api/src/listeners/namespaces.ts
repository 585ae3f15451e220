import type { NamespacesFrom } from '../objects/listener.ts';
import type { KubernetesNamespace } from '../objects/namespace.ts';
import { selects } from '../objects/values.ts';

/** Whether something in a namespace is let in by an object of another one. */
export function letsIn(
  { from, selector }: NamespacesFrom,
  own: string,
  namespace: string,
  namespaces: ReadonlyMap<string, KubernetesNamespace>,
): boolean {
  switch (from) {
    case 'All':
      return true;
    case 'Same':
      return namespace === own;
    case 'None':
      return false;
    case 'Selector': {
      const labels = namespaces.get(`/${namespace}`)?.labels;
      return selector !== undefined && labels !== undefined && selects(selector, labels);
    }
  }
}
