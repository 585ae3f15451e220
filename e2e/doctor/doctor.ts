import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pathOf } from '../helm/rendered.ts';

/** What `--json` has, as far as tests look. */
export interface DoctorReport {
  isComplete: boolean;
  notRead: { what: string; namespace?: string; why: string }[];
  services: DoctorService[];
}

export interface DoctorService {
  namespace: string;
  name: string;
  type: string;
  role: string;
  programs: { follows: string[] }[];
  balanced: string;
  clients: {
    kind: string;
    namespace: string;
    name: string;
    carrier: string;
    by: string;
    endpointsFrom: string | null;
    certainty: string;
  }[];
  splits: { shares: { service: string; weight: number }[] }[];
  findings: { id: string; severity: string }[];
}

const main = pathOf('apps/doctor/dist/main.js');

/** Runs the doctor, as built. @returns what it says, and its exit code */
export async function runDoctor(
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [main, ...args])) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

export async function reportOf(...args: string[]): Promise<DoctorReport> {
  const { stdout, stderr } = await runDoctor('--json', ...args);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as DoctorReport;
}

/**
 * A line for each client of each Service: who calls it, by what, and where endpoints come from; then shares, and what is
 * wrong beyond notes.
 */
export function linesOf({ services }: DoctorReport): string[] {
  return services
    .flatMap(({ namespace, name, type, role, programs, clients, splits, findings }) => {
      const follows = role === 'control-plane' ? programs.flatMap((program) => program.follows) : [];
      const service = `${namespace}/${name} (${[type, ...(role === 'server' ? [] : [[role, ...follows].join(' ')])].join(', ')})`;
      const ways = clients.map(({ carrier, by, endpointsFrom, certainty, ...client }) => {
        const who = `${client.kind.toLowerCase()}/${client.name}`;
        const from = endpointsFrom === null ? '' : ` from ${endpointsFrom}`;
        return `${service} < ${who}: ${carrier} by ${by}${from}, ${certainty}`;
      });
      const shares = splits.map((split) =>
        split.shares.map((one) => `${one.service} ${one.weight}`).join(', '),
      );
      const wrong = findings.filter(({ severity }) => severity !== 'note').map(({ id }) => id);
      return [
        ...(ways.length > 0 ? ways : [`${service} < nobody`]),
        ...shares.map((text) => `${service} shares: ${text}`),
        ...(wrong.length > 0 ? [`${service} wrong: ${[...new Set(wrong)].join(', ')}`] : []),
      ];
    })
    .sort();
}
