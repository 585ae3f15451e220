import * as z from 'zod';
import { labelSelector, reader, textMap, type LabelSelector, type Read } from '@evenly/gateway-api';
import { noPodSpec, podForm, podSpecOf, type PodSpec } from './pod-spec.ts';

export type ControllerKind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

/** What makes pods. */
export type Controller = Read<{
  kind: ControllerKind;
  /** Undefined: one on each node. */
  replicas: number | undefined;
  selector: LabelSelector;
  pods: PodSpec;
}>;

const selectsNothing: LabelSelector = {
  matchLabels: {},
  matchExpressions: [{ key: 'unreadable', operator: 'In', values: [] }],
};

const form = z.object({
  spec: z.object({
    replicas: z.int().nullish(),
    selector: labelSelector,
    template: z.object({
      metadata: z.object({ labels: textMap, annotations: textMap }).nullish(),
      spec: podForm,
    }),
  }),
});

export const controllerReader = (kind: ControllerKind): ((object: unknown) => Controller | undefined) =>
  reader(
    kind,
    form,
    ({ spec: { replicas, selector, template } }) => ({
      kind,
      replicas: kind === 'DaemonSet' ? undefined : (replicas ?? 1),
      selector,
      pods: podSpecOf(template.spec, template.metadata),
    }),
    () => ({ kind, replicas: undefined, selector: selectsNothing, pods: noPodSpec }),
  );
