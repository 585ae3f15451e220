export { checkCommand, checkFiles } from './check-files.ts';
export { ClusterStates, type ClusterState } from './clusters/cluster-states.ts';
export { followConfigFiles, followConfigFilesFromNow, type ConfigFilesListener } from './config-files.ts';
export { endpointSourceOf, type SourceContext } from './endpoint-source.ts';
export { MeshCertificates, type MeshCertificatesOptions } from './mesh-certificates.ts';
export { healthChanges, reasonOf } from './health-changes.ts';
export { SourceGates, type MayDoWithout, type NamedGates } from './source-gates.ts';
export { SnapshotStore, type SnapshotOptions } from './snapshot/snapshot-store.ts';
export { useSnapshot, type SnapshotListener, type SnapshotUse } from './snapshot/snapshot-use.ts';
