import * as z from 'zod';
import { field, reader, type Read } from './read.ts';
import { group, kind, name } from './values.ts';

export type GatewayClass = Read<{
  controllerName: string;
  parametersRef: { group: string; kind: string; name: string } | undefined;
}>;

const form = z.object({
  spec: z.object({ controllerName: name, parametersRef: z.object({ group, kind, name }).nullish() }),
});

export const readGatewayClass = reader(
  'GatewayClass',
  form,
  ({ spec }) => ({ controllerName: spec.controllerName, parametersRef: spec.parametersRef ?? undefined }),
  (object) => ({
    controllerName: field(object, ['spec', 'controllerName'], z.string()) ?? '',
    parametersRef: undefined,
  }),
);
