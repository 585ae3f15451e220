/**
 * @param target as grpc-js writes it: `dns:shop:50051`, `unix:/run/shop`, `xds:///shop`
 * @returns in the canonical form of gRFC A66: `scheme://[authority]/path`
 */
export function canonicalTarget(target: string): string {
  const [, scheme = '', authority = '', path = ''] =
    /^([A-Za-z0-9+.-]+):(?:\/\/([^/]*)\/)?(.*)$/.exec(target) ?? [];
  return scheme === '' ? target : `${scheme}://${authority}/${path.replace(/^\//, '')}`;
}
