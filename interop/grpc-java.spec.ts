import { goThroughScenario, proxyless } from './testing/go-through.ts';

goThroughScenario('grpc-java', proxyless('grpc-java'));
