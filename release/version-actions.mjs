// What nx release does to a project's version, and with that to the chart: all projects have one version, which is the chart's
// `appVersion`. The chart's own version is another one, and has to go up whenever its content changes.
import ofJs from '@nx/js/src/release/version-actions';

const chart = 'charts/evenly/Chart.yaml';

export const { afterAllProjectsVersioned } = ofJs;

export default class VersionActions extends ofJs.default {
  /**
   * @override
   * @param {import('nx/src/devkit-exports').Tree} tree
   * @param {string} version
   */
  async updateProjectVersion(tree, version) {
    const messages = await super.updateProjectVersion(tree, version);
    const text = tree.read(chart, 'utf8') ?? '';
    // The first of the projects has done it.
    if (text.includes(`appVersion: ${version}\n`)) return messages;
    const next = text
      .replace(/^appVersion: .*$/m, `appVersion: ${version}`)
      .replace(/^version: (\d+\.\d+)\.(\d+)$/m, (_, most, patch) => `version: ${most}.${Number(patch) + 1}`);
    tree.write(chart, next);
    return [...messages, `✍️  New appVersion ${version} written to ${chart}`];
  }
}
