import { describe, expect, it } from 'vitest';
import { readEndpointFile } from './endpoint-file.ts';

const read = (text: string) => readEndpointFile(text, 'e.yaml');

describe('readEndpointFile', () => {
  it('reads short and long endpoints, as YAML and as JSON', () => {
    const long = {
      address: 'fd00::1',
      port: 2,
      hostname: 'h',
      zone: 'a',
      forZones: ['a'],
      forNodes: ['n'],
      priority: 1,
      weight: 3,
    };
    const expected = [
      { address: '10.0.0.1', port: 1, state: 'ready' },
      { ...long, state: 'not-ready' },
    ];
    const content = { endpoints: ['10.0.0.1:1', { ...long, state: 'not-ready' }] };
    expect(read(JSON.stringify(content, null, 2))).toEqual(expected);
    const fields =
      'hostname: h, zone: a, forZones: [a], forNodes: [n], priority: 1, weight: 3, state: not-ready';
    expect(read(`endpoints:\n  - 10.0.0.1:1\n  - { address: "fd00::1", port: 2, ${fields} }`)).toEqual(
      expected,
    );
  });

  it.each([
    ['', 'e.yaml:1: must be an object, got null'],
    ['endpoints: [', 'e.yaml:1: not valid JSON or YAML'],
    ['endpoints: 7', 'e.yaml:1: endpoints: must be a list, got 7'],
    ['endpoint: []', 'e.yaml:1: endpoints: is missing'],
    ['endpoint: []', 'e.yaml:1: endpoint: is not a field that is known here; did you mean endpoints?'],
    ['endpoints: []\nendpoints: []', 'e.yaml:2: not valid JSON or YAML: Map keys must be unique'],
    [
      'endpoints: []\nservices: []',
      'e.yaml:2: services: is not a field that is known here: known are endpoints',
    ],
    ['endpoints:\n- localhost:1', 'e.yaml:2: endpoints.0: must be an IP address and a port'],
    ['endpoints:\n- 10.0.0.1:0', 'e.yaml:2: endpoints.0'],
    ['endpoints:\n- 10.0.0.1:1\n- ::1:1', 'e.yaml:3: endpoints.1: must be an IP address and a port'],
    ['endpoints:\n- {address: a, port: 1}', 'e.yaml:2: endpoints.0.address: must be an IP address'],
    [
      'endpoints:\n- {address: 10.0.0.1, port: 70000}',
      'e.yaml:2: endpoints.0.port: must be at most 65535, got 70000',
    ],
    ['endpoints:\n- {address: 10.0.0.1}', 'e.yaml:2: endpoints.0.port: is missing'],
    [
      'endpoints:\n- {address: 10.0.0.1, port: null}',
      'e.yaml:2: endpoints.0.port: must be a number, got null',
    ],
    [
      'endpoints:\n- {address: 10.0.0.1, port: 1, state: up}',
      'endpoints.0.state: must be one of ready, serving-terminating',
    ],
    [
      'endpoints:\n- {address: 10.0.0.1, prot: 1}',
      'endpoints.0.prot: is not a field that is known here; did you mean port?',
    ],
    [
      'endpoints:\n- {address: 10.0.0.1, port: 1, weight: 0}',
      'e.yaml:2: endpoints.0.weight: must be at least 1, got 0',
    ],
    [
      'endpoints:\n- {address: 10.0.0.1, port: 1, colour: red}',
      'e.yaml:2: endpoints.0.colour: is not a field that is known here',
    ],
    ['endpoints: [7]', 'e.yaml:1: endpoints.0: must be a text or an object, got 7'],
    ['{"endpoints": [],\n"endpoints": []}', 'e.yaml:2: not valid JSON or YAML: Map keys must be unique'],
    ['{"endpoints": [{"address": "10.0.0.1", "port": 1, "port": 2}]}', 'Map keys must be unique'],
    [
      '{"endpoints": ["10.0.0.1:1",\n"localhost:1"]}',
      'e.yaml:2: endpoints.1: must be an IP address and a port',
    ],
    ['{"endpoints": null}', 'e.yaml:1: endpoints: must be a list, got null'],
    [`a: &a [1]\n${'b: *a\n'.repeat(1)}endpoints: &e [*e]`, 'e.yaml:'],
  ])('refuses %j', (text, reason) => {
    expect(() => read(text)).toThrow(reason);
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID' }));
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['JSON', `{"endpoints": ${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['lists of lists', '- '.repeat(10_000)],
  ])('refuses %s that are nested too deeply for a parser', (_what, text) => {
    expect(() => read(text)).toThrow('e.yaml:1: is nested too deeply');
  });

  it('gives the same objects for the same texts, read-only, so that what is derived from them can be kept', () => {
    const [one] = read('{"endpoints": ["10.0.0.1:1", "10.0.0.2:1"]}');
    const [, again] = read('{"endpoints": ["10.0.0.3:1", "10.0.0.1:1"]}');
    expect(again).toBe(one);
    expect(Object.isFrozen(one)).toBe(true);
  });

  it('takes a name for what it is, whatever stands in it', () => {
    const hostname = 'a": "b, {"';
    const text = JSON.stringify({ endpoints: [{ address: '10.0.0.1', port: 1, hostname }] });
    expect(read(text)).toEqual([{ address: '10.0.0.1', port: 1, hostname, state: 'ready' }]);
  });

  it('says the first ten faults of many', () => {
    const faulty = `endpoints:\n${'- nonsense\n'.repeat(20)}`;
    let message = '';
    try {
      read(faulty);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message.split('\n').map((line) => line.slice(0, 10))).toEqual(
      Array.from({ length: 10 }, (_, index) => `e.yaml:${index + 2}:`.padEnd(10).slice(0, 10)),
    );
  });

  it('refuses a small file that would unfold into a large one', () => {
    const levels = Array.from(
      { length: 20 },
      (_, index) => `x${index + 1}: &x${index + 1} [*x${index}, *x${index}]`,
    );
    expect(() => read(`x0: &x0 [1]\n${levels.join('\n')}\nendpoints: *x20`)).toThrow('Excessive alias count');
  });

  it.each([
    ['aliases', `a: &a [1]\nendpoints:\n${'  - *a\n'.repeat(101)}`, 'has more than 100 aliases'],
    ['words', `endpoints: [${'a,'.repeat(250_000)}]`, 'has more than 500000 words and signs'],
  ])('refuses more %s than are parsed in time', (_what, text, reason) => {
    expect(() => read(text)).toThrow(`e.yaml:1: ${reason}`);
  });

  it('refuses more endpoints than the limit', () => {
    const many = Array.from({ length: 10_001 }, () => '10.0.0.1:1');
    expect(() => read(JSON.stringify({ endpoints: many }))).toThrow(
      expect.objectContaining({ code: 'TOO_MANY' }),
    );
  });
});
