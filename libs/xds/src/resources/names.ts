/** The names of a service's resources. The listener has the service's own name: it is what `xds:///be1-srv` asks for. */
export const resourceNames = (service: string) => ({
  listener: service,
  route: `${service}-route`,
  virtualHost: `${service}-vs`,
  cluster: `${service}-cluster`,
});
