import { goThroughScenario, proxyless } from './testing/go-through.ts';

goThroughScenario('grpc-python', proxyless('grpc-python'));
