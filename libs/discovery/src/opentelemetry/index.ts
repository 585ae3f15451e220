export { grpcMetrics, type GrpcMetricsOptions } from './grpc-metrics.ts';
