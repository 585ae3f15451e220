/**
 * grpc-go's interop cases that need no cloud, by the names of its client, with what else the client has to be told. Without
 * pick_first_unary: it asks for the server's id, which grpc-go's own interop server does not tell, proxy or not.
 */
export const interopCases: Readonly<Record<string, readonly string[]>> = {
  empty_unary: [],
  large_unary: [],
  client_streaming: [],
  server_streaming: [],
  ping_pong: [],
  empty_stream: [],
  timeout_on_sleeping_server: [],
  cancel_after_begin: [],
  cancel_after_first_response: [],
  status_code_and_message: [],
  special_status_message: [],
  custom_metadata: [],
  unimplemented_method: [],
  unimplemented_service: [],
  rpc_soak: ['-soak_iterations=200', '-soak_overall_timeout_seconds=60'],
  channel_soak: ['-soak_iterations=50', '-soak_overall_timeout_seconds=60'],
  orca_per_rpc: ['-service_config_json={"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}'],
  orca_oob: ['-service_config_json={"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}'],
};
