/** The first endpoint's address before any change. It sorts before all others, so the load client finds it at once. */
export const firstAddress = '10.0.100.99';

/** The same endpoints as in go/peer/resources.go. */
export const endpoints = (count, first = firstAddress) =>
  Array.from({ length: count }, (_, i) => ({
    address: i === 0 ? first : `10.1.${100 + Math.floor(i / 100)}.${100 + (i % 100)}`,
    port: 50051,
  }));

/** What `source: { file: … }` reads. */
export const endpointsFile = (count, first) =>
  `${JSON.stringify({ endpoints: endpoints(count, first).map(({ address, port }) => `${address}:${port}`) })}\n`;

/** The address of the n-th change: always as long, and another one than the 23,000 before. */
export const changedAddress = (n) => `10.0.${101 + (Math.floor(n / 150) % 154)}.${100 + (n % 150)}`;
