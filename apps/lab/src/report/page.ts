import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Report } from '../compare/report.ts';
import { assets, chartLibrary } from '../assets.ts';

/** The report as one self-contained page: data, charts and the chart library inside. */
export async function reportPage(report: Report): Promise<string> {
  const read = (name: string) => readFile(path.join(assets, name), 'utf8');
  const [template, style, common, script, d3, plot] = await Promise.all([
    read('report.html'),
    read('style.css'),
    read('common.js'),
    read('report.js'),
    readFile(chartLibrary.d3, 'utf8'),
    readFile(chartLibrary.plot, 'utf8'),
  ]);
  const scripts = [d3, plot, common, script].map((text) => `<script>${harmless(text)}</script>`).join('\n');
  // JSON in a script element: no text in it may end the element.
  const data = JSON.stringify(report).replaceAll('<', '\\u003c');
  const parts: Record<string, string> = { style, data, scripts };
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name] ?? '');
}

const harmless = (script: string) => script.replaceAll('</script', '<\\/script');
