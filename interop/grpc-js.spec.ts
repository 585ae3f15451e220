import { goThroughScenario, proxyless } from './testing/go-through.ts';

goThroughScenario('grpc-js', proxyless('grpc-js'));
