import { flowMap } from './manifest.ts';
import { seen, type Check } from './finding.ts';

/** Of things that could not be read: kinds as a whole, or single objects. */
const makesPods = /^(deployment|statefulset|daemonset|pod)s?\b/i;

/** Nothing was found behind the Service: then nothing can be said of its pods. */
export const noPods: Check = ({ service, workloads }, { notRead }) => {
  if (workloads.length > 0) return [];
  const isUnknown = notRead.some(({ what }) => makesPods.test(what));
  const { selector, discoverable } = service;
  const hasSelector = Object.keys(selector).length > 0;
  const isWrong = hasSelector && !isUnknown;
  const { externalName } = discoverable;
  const evidence =
    externalName !== undefined
      ? `it is of type ExternalName: ${externalName}`
      : hasSelector
        ? `selector ${flowMap(selector)} ${isUnknown ? 'fits nothing that could be read' : 'fits no workload and no pod'}`
        : 'it has no selector: somebody else writes its endpoints';
  return [
    {
      id: 'no-pods',
      severity: isWrong ? 'error' : 'note',
      title: isWrong
        ? 'No pod is behind the Service: every call fails.'
        : 'What is behind the Service cannot be seen, so nothing is said of its probes, replicas and draining.',
      why: isWrong
        ? 'The labels that it selects are those of no pod, or the pods are not there.'
        : 'Only Services that select pods which could be read are looked at as a whole.',
      evidence: [seen(evidence)],
      advice: isWrong
        ? [{ text: 'Compare the selector with the labels of the pods that should answer.' }]
        : [],
    },
  ];
};
