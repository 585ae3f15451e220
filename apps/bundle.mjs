// Makes an app's dist: node ../bundle.mjs, in the directory of the app. main.js and the few files that it loads later
// hold our libraries and the packages, because Node takes two thirds of a program's start to find, read and link a
// thousand modules.
import { rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { build } from 'esbuild';

const require = createRequire(`${process.cwd()}/`);
const { dependencies, version } = require(`${process.cwd()}/package.json`);

/** Entries of libraries that are threads: no import shows them, and each is wanted beside main.js by its own name. */
const threads = { '@evenly/live-mesh': ['src/config-thread/thread.ts'] };
const ownThreads = Object.entries(threads)
  .filter(([name]) => name in dependencies)
  .flatMap(([name, files]) =>
    files.map((file) => require.resolve(`${name}/package.json`).replace('package.json', file)),
  );

/** They read files of theirs by paths beside their code, and there must be one copy for all who use them. */
const external = [
  '@grpc/grpc-js',
  '@grpc/grpc-js-xds',
  '@grpc/proto-loader',
  '@grpc/reflection',
  'grpc-health-check',
  'protobufjs',
  'd3',
  '@observablehq/plot',
];

/**
 * Beside the definition of each service ts-proto makes a client. Who makes calls imports it; an xds-server does not, and
 * the hundred files of grpc-js would take 4 MB of its memory.
 */
const clientsIfUsed = {
  name: 'clients of gRPC if used',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /libs\/proto\/dist\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replaceAll('= makeGeneric', '= /* @__PURE__ */ makeGeneric') };
    });
    onResolve({ filter: /^@grpc\/grpc-js$/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
  },
};

/** npm keeps a copy of a package in each place that asks for another version than the one above; of each version one is enough. */
const oneCopyOfEach = {
  name: 'one copy of each package',
  setup({ onResolve, resolve }) {
    const first = new Map();
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'asked' || from.kind === 'entry-point') return;
      const resolved = await resolve(path, { ...from, pluginData: 'asked' });
      const [, directory, name, file] =
        /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\/(.*)$/.exec(resolved.path) ?? [];
      if (directory === undefined || resolved.external) return undefined;
      const id = `${name} ${require(`${directory}/package.json`).version} ${file}`;
      if (!first.has(id)) first.set(id, resolved.path);
      return { ...resolved, path: first.get(id) };
    });
  },
};

/** zod names all its 60 languages in one object, which keeps them in: a third of a megabyte, of which English is used. */
const onlyEnglish = {
  name: 'only English',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** iconv-lite brings tables of Chinese, Japanese and Korean: half a megabyte, for bodies that no admin server is sent. */
const noEastAsianBodies = {
  name: 'no East Asian bodies',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/iconv-lite\/encodings\/dbcs-data\.js$/ }, () => ({
      contents: 'module.exports = {};',
    }));
  },
};

rmSync('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ['src/main.ts', ...ownThreads],
  entryNames: '[name]',
  chunkNames: 'chunk-[hash]',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // V8 keeps the text of what it has loaded: a third less of it. Lines stay short enough for stack traces to say where.
  minifyWhitespace: true,
  lineLimit: 160,
  conditions: ['@evenly/source'],
  define: { EVENLY_VERSION: JSON.stringify(version) },
  external,
  plugins: [clientsIfUsed, oneCopyOfEach, onlyEnglish, noEastAsianBodies],
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // What packages in CommonJS expect to be there.
  banner: {
    js: `import * as node$module from 'node:module';
const require = node$module.createRequire(import.meta.url);
const __filename = import.meta.filename, __dirname = import.meta.dirname;`,
  },
});

for (const [file, { imports }] of Object.entries(metafile.inputs)) {
  const isOurs = !file.includes('node_modules/');
  const isCommonJs = ({ kind, path }) => kind === 'dynamic-import' && metafile.inputs[path]?.format === 'cjs';
  const named = isOurs && imports.find(isCommonJs);
  // The names that Node finds in it are not there in a bundle.
  if (named)
    throw new Error(`${file}: import() of ${named.path}, which is CommonJS; import it in a module of ours`);
}

/** Whose licences go with what is made of them. */
const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (file) => /^(?:\.\.\/)*(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
  ),
);
writeFileSync('dist/packages.json', `${JSON.stringify([...packages].sort(), null, 2)}\n`);
