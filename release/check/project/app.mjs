import * as balancing from '@evenly/balancing';
import * as discovery from '@evenly/discovery';
import * as clients from '@evenly/discovery/grpc-js';
import * as endpoints from '@evenly/endpoints';
import * as http from '@evenly/endpoints/http';
import * as http2 from '@evenly/http2';
import * as kubernetes from '@evenly/kubernetes';
import { prove } from './prove.cjs';

await prove({ balancing, discovery, clients, endpoints, http, http2, kubernetes });
