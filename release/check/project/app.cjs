const { prove } = require('./prove.cjs');

void prove({
  balancing: require('@evenly/balancing'),
  discovery: require('@evenly/discovery'),
  clients: require('@evenly/discovery/grpc-js'),
  endpoints: require('@evenly/endpoints'),
  http: require('@evenly/endpoints/http'),
  http2: require('@evenly/http2'),
  kubernetes: require('@evenly/kubernetes'),
});
