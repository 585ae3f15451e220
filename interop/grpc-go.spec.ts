import { goThroughScenario, proxyless } from './testing/go-through.ts';

goThroughScenario('grpc-go', proxyless('grpc-go'));
