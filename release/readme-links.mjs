// The README of a library has links into the repository, which is not published with it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const link = /(?<=\]\()(?![a-z]+:|#)[^)\s]+/g;

/** @returns those links of a page that lead to no file of this directory @param {string} directory @param {string} page */
export const linksOutOf = (directory, page) =>
  [...page.matchAll(link)]
    .map(([to]) => to)
    .filter((to) => to.startsWith('../') || !existsSync(join(directory, to.replace(/#.*/, ''))));

/**
 * @returns the page, with those links leading into the repository
 * @param {string} directory what is published
 * @param {string} page
 * @param {string} at where the page is in the repository, as a URL that ends with a slash
 */
export function withLinksTo(directory, page, at) {
  const out = new Set(linksOutOf(directory, page));
  return page.replace(link, (to) => (out.has(to) ? new URL(to, at).href : to));
}
