import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import * as kinds from './kinds.ts';

const page = readFileSync(new URL('../../../../docs/doctor.md', import.meta.url), 'utf8');

/** `verb group/plural` */
const rightsOf = (rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[]) =>
  rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      verbs.flatMap((verb) => resources.map((resource) => `${verb} ${apiGroups[0]}/${resource}`)),
    )
    .sort();

it('the ClusterRole of docs/doctor.md allows what the doctor does, and no more', () => {
  const { services, pods, budgets, namespaces, grpcRoutes, gateways, controllers, configMaps } = kinds;
  const listed = [services, pods, budgets, namespaces, grpcRoutes, gateways, ...controllers];
  const needed = listed.map(({ resource: { group, plural } }) => `list ${group}/${plural}`);
  const role = parse(/```yaml\n(.*?)```/s.exec(page)![1]!) as { rules: Parameters<typeof rightsOf>[0] };
  expect(rightsOf(role.rules)).toEqual([...needed, `get /${configMaps.plural}`].sort());
});
