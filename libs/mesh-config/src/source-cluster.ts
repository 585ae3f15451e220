/** A Kubernetes cluster that a source asks for endpoints. */
export interface SourceCluster {
  name: string;
  /** How to come to its API server. Absent = it is the program's own cluster, found as without any list of clusters. */
  kubeconfig?: string;
  /** Of the kubeconfig. Absent = its current one. */
  context?: string;
  /** Where its endpoints are. Clusters of one region are alike. */
  region: string;
}
