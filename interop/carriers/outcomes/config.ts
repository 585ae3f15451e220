import type { Endpoints } from './endpoints.ts';
import type { Service } from './service.ts';

/** The services `row-0`, `row-1` and so on as a config file (JSON is YAML). */
export function configOf(rows: readonly Service[], endpoints: Endpoints): string {
  const services = rows.map(({ endpoints: names, policy = {} }, index) => {
    const source = { static: { endpoints: names.map((name) => endpoints.addressOf(name)) } };
    return [`row-${index}`, { source, policy: { ...policy } }];
  });
  const routes = rows.flatMap(({ route }, index) => {
    const name = `row-${index}`;
    return route === undefined
      ? []
      : [{ name, match: { authority: name }, to: [{ service: name }], ...route }];
  });
  return JSON.stringify({ services: Object.fromEntries(services) as object, routes });
}
