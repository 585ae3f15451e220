export { XdsError, type XdsErrorCode } from './errors.ts';
export { resource, type Resource } from './resource.ts';
export { ResourceCache, type CacheListener } from './resource-cache.ts';
export { sendOrder, typeOfUrl, typeUrlOf, type ResourceType } from './resource-type.ts';
export { resourceNames } from './resources/names.ts';
export { endpointResource, routingResources, type XdsService } from './resources/service-resources.ts';
export { SotwStream, type TypeStatus } from './stream/sotw-stream.ts';
