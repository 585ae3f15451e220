import { values } from '@evenly/service';

/** Options of `lab start`. */
export const startOptions = {
  scenario: {
    describe: 'which scenario to run, see lab list',
    schema: values.text(),
    default: 'xds-dns-srv',
  },
  rate: {
    describe: 'calls a second that a client makes all the time; 0 = none',
    schema: values.count(0, 1000),
    default: '20',
  },
  port: { describe: 'port of the frontend; 0 = any free one', schema: values.port(), default: '8080' },
  labPort: {
    describe: "port of the lab's REST API; 0 = any free one",
    schema: values.port(),
    default: '8090',
  },
  xdsPort: { describe: 'port of the xDS server; 0 = any free one', schema: values.port(), default: '18000' },
  proxyPort: {
    describe: 'port of the proxy, where a scenario has one beside the client; 0 = any free one',
    schema: values.port(),
    default: '0',
  },
  dnsPort: { describe: 'port of the DNS server; 0 = any free one', schema: values.port(), default: '0' },
  refresh: {
    describe: 'how often the xDS server looks for endpoints',
    schema: values.duration(100, 600_000),
    default: '2s',
  },
  host: {
    describe: 'loopback address of everything but the REST API (that is on 127.0.0.1)',
    schema: values.oneOf(['127.0.0.1', '::1']),
    default: '127.0.0.1',
  },
  output: {
    describe: 'text for people, or json: one line per event, for programs',
    schema: values.oneOf(['text', 'json']),
    default: 'text',
  },
} as const;
