import { workloadName } from '../inventory/workload.ts';
import type { Diagnosis, DiagnosedService } from '../findings/index.ts';
import { listed, nameOf, severities, type Finding, type Severity } from '../findings/finding.ts';
import { balanced, blindSpots, carrierText, typeOf, type Balanced } from './summary.ts';
import { wrap } from './wrap.ts';

/** How to mark words: by colours in a terminal, else not at all. */
export interface Paint {
  bold: (text: string) => string;
  dim: (text: string) => string;
  red: (text: string) => string;
  yellow: (text: string) => string;
  green: (text: string) => string;
}

const asIs = (text: string) => text;
export const plain: Paint = { bold: asIs, dim: asIs, red: asIs, yellow: asIs, green: asIs };

/** The report for a person: first whether all is well, then what could not be looked at, then each Service, the worst first. */
export function textReport(
  diagnosis: Diagnosis,
  { width, paint = plain }: { width: number; paint?: Paint },
): string {
  const lines = new Report(width, paint);
  lines.verdict(diagnosis);
  lines.notRead(diagnosis);
  for (const service of diagnosis.services) lines.service(service);
  lines.limits(diagnosis);
  return `${lines.lines.join('\n')}\n`;
}

const answers: Readonly<Record<Balanced, string>> = {
  'per-connection': 'No: each client keeps to one pod, by its one connection:',
  mixed: 'In part: some clients balance each call, others do not:',
  unknown: 'Not known, as no client was found:',
  'as-clients-say': 'As far as the clients’ own policy says so, which is not seen:',
  'per-call': 'Yes, each call, as far as clients are known:',
};

const namesOfRest = (services: readonly DiagnosedService[]) =>
  services.filter(({ role }) => role === 'control-plane').map(nameOf);

class Report {
  /** Where each finding was explained first. */
  readonly #explained = new Map<string, string>();
  readonly lines: string[] = [];
  readonly #width: number;
  readonly #paint: Paint;

  constructor(width: number, paint: Paint) {
    this.#width = width;
    this.#paint = paint;
  }

  verdict({ services, inventory }: Diagnosis): void {
    const { namespaces } = inventory;
    const where = namespaces.length === 0 ? 'the cluster' : `namespace ${listed(namespaces, 10)}`;
    if (services.length === 0) {
      this.#text(`No gRPC Service was found in ${where}.`, '', '', this.#paint.bold);
      this.#text(
        'A Service counts as gRPC if a port has appProtocol grpc or kubernetes.io/h2c, or is named grpc or grpc-…, ' +
          'or if its pods, clients or routes say so.',
      );
      return;
    }
    this.#text(`${count(services.length, 'gRPC Service')} in ${where}`, '', '', this.#paint.bold);
    this.#gap();
    const servers = services.filter(({ role }) => role !== 'control-plane');
    this.#text('Are the calls balanced?', '', '', this.#paint.bold);
    for (const [kind, words] of Object.entries(answers)) {
      const names = servers.filter((service) => balanced(service) === kind).map(nameOf);
      if (names.length > 0) this.#text(`${words} ${listed(names, 8)}`, '  ', '    ');
    }
    if (servers.length < services.length)
      this.#text(
        `Control planes, which are not called but listened to: ${listed(namesOfRest(services), 8)}`,
        '  ',
        '    ',
      );
    const findings = services.flatMap((service) => service.findings);
    const counts = severities.map((severity) =>
      count(findings.filter((finding) => finding.severity === severity).length, severity),
    );
    this.#text(`What is wrong? ${counts.join(', ')}.`, '', '', this.#paint.bold);
  }

  notRead({ inventory }: Diagnosis): void {
    if (inventory.notRead.length === 0) return;
    this.#gap();
    this.#text(
      'Not everything could be looked at, so this report is not complete:',
      '',
      '',
      this.#paint.yellow,
    );
    for (const { what, namespace, why, therefore } of inventory.notRead) {
      const where = namespace === undefined ? '' : ` in ${namespace}`;
      this.#text(`${what}${where}: ${why}; ${therefore}.`, '  - ', '    ');
    }
  }

  service(service: DiagnosedService): void {
    this.#gap();
    this.#heading(service);
    for (const { by, shares } of service.splits)
      this.#text(
        `Shares by ${by}: ${shares.map(({ service: to, weight }) => `${to} ${weight}`).join(', ')}.`,
        '  ',
      );
    this.#clients(service);
    for (const finding of service.findings) this.#finding(finding, nameOf(service));
    if (service.findings.length === 0)
      this.#text('Nothing is wrong with what was looked at.', '  ', '  ', this.#paint.green);
  }

  limits(diagnosis: Diagnosis): void {
    const hidden = blindSpots(diagnosis);
    const isAll = diagnosis.inventory.namespaces.length === 0;
    this.#gap();
    this.#text(
      'Clients are known by what their manifests say: environment, command and arguments. Addresses in code, in files ' +
        `and outside of ${isAll ? 'the cluster' : 'these namespaces'} are not seen` +
        (hidden === 0
          ? '.'
          : `, nor what ${count(hidden, 'container')} ${hidden === 1 ? 'takes' : 'take'} from ConfigMaps or Secrets.`),
      '',
      '',
      this.#paint.dim,
    );
  }

  #heading(service: DiagnosedService): void {
    const ports = service.ports.map(({ port }) => port.port).join(', ');
    const roles = {
      server: '',
      proxy: ', an l7-proxy',
      'control-plane': `, a control plane of xDS${followed(service)}`,
    };
    const pods = service.workloads.map(
      (one) => `${workloadName(one)}${one.replicas === undefined ? '' : ` × ${one.replicas}`}`,
    );
    const what = `${typeOf(service)}, port ${ports}${roles[service.role]}${pods.length > 0 ? `; pods of ${listed(pods)}` : ''}`;
    const [line, ...rest] = wrap(`${nameOf(service)}  ${what}`, this.#width, '', '  ');
    const name = nameOf(service);
    this.lines.push(this.#paint.bold(name) + line!.slice(name.length), ...rest);
  }

  #clients({ clients, role }: DiagnosedService): void {
    if (clients.length === 0) {
      this.#text('Balanced today: not known, no client was seen.', '  ');
      return;
    }
    const ways = new Map<string, string[]>();
    for (const client of clients) {
      const way = role === 'control-plane' ? 'one stream each, to one of its pods' : carrierText(client);
      const who = `${client.namespace}/${workloadName(client)}${client.certainty === 'seen' ? '' : ' (inferred)'}`;
      ways.set(way, [...(ways.get(way) ?? []), who]);
    }
    this.#text('Balanced today:', '  ');
    for (const [way, who] of ways) this.#text(`${listed(who, 6)}: ${way}`, '    ', '      ');
  }

  #finding({ id, severity, title, why, evidence, advice, oneOf }: Finding, name: string): void {
    this.#gap();
    const mark = `${severity.toUpperCase()}  `;
    const indent = ' '.repeat(mark.length + 2);
    const [first, ...rest] = wrap(`${title} [${id}]`, this.#width, indent);
    this.lines.push(`  ${this.#colour(severity)(mark)}${first!.slice(indent.length)}`, ...rest);
    const before = this.#explained.get(id + title);
    if (before === undefined) this.#text(why, '    ');
    for (const { certainty, text } of evidence)
      this.#text(`${certainty}: ${text}`, '    ', '      ', this.#paint.dim);
    if (before !== undefined && oneOf) {
      this.#text(
        `To change: as for ${before}, with the names of this Service; --json has its lines.`,
        '    ',
      );
      return;
    }
    this.#explained.set(id + title, name);
    if (advice.length > 0)
      this.#text(oneOf && advice.length > 1 ? 'To change, one of these:' : 'To change:', '    ');
    for (const { text, manifest } of advice) {
      this.#text(text, '    - ', '      ');
      for (const line of manifest?.split('\n') ?? []) this.lines.push(`        ${line}`);
    }
  }

  #colour(severity: Severity): (text: string) => string {
    return { error: this.#paint.red, warning: this.#paint.yellow, note: this.#paint.dim }[severity];
  }

  #text(text: string, first = '', later = first, paint: (text: string) => string = asIs): void {
    this.lines.push(...wrap(text, this.#width, first, later).map((line) => paint(line)));
  }

  #gap(): void {
    this.lines.push('');
  }
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

const followings = {
  config: 'a config',
  discover: 'the gRPC Services (--discover)',
  'gateway-api': 'the Gateway API',
  xds: 'xDS',
};

/** What an xds-server serves: ` that follows the Gateway API`. */
function followed({ programs }: DiagnosedService): string {
  const what = programs.flatMap(({ follows }) => follows.map((one) => followings[one]));
  return what.length === 0 ? '' : ` that follows ${listed(what)}`;
}
