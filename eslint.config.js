import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Which of our libraries each project may use: dependencies point downwards only (docs/architecture.md). */
const mayUse = {
  'scope:proto': [],
  'scope:service': ['scope:endpoints'],
  'scope:endpoints': [],
  'scope:balancing': ['scope:endpoints'],
  'scope:kubernetes': ['scope:endpoints', 'scope:local-cluster'], // local-cluster: its API, in tests only
  'scope:http2': [],
  'scope:grpc-server': ['scope:http2'],
  'scope:mesh-config': ['scope:endpoints'],
  // local-cluster: its DNS server, in tests only
  'scope:discovery': [
    'scope:proto',
    'scope:balancing',
    'scope:endpoints',
    'scope:kubernetes',
    'scope:local-cluster',
  ],
  'scope:xds': ['scope:proto', 'scope:mesh-config', 'scope:endpoints', 'scope:balancing'],
  'scope:gateway-api': ['scope:mesh-config', 'scope:endpoints', 'scope:local-cluster'], // local-cluster: in tests only
  // kubernetes, local-cluster: in tests only
  'scope:live-mesh': [
    'scope:mesh-config',
    'scope:endpoints',
    'scope:discovery',
    'scope:tls',
    'scope:kubernetes',
    'scope:local-cluster',
  ],
  'scope:tls': ['scope:endpoints', 'scope:local-cluster'], // local-cluster: in tests only
  'scope:local-cluster': ['scope:endpoints'],
  'type:app': ['type:lib'],
  'type:e2e': ['type:lib', 'type:app'],
};

export default tseslint.config(
  {
    ignores: [
      '**/dist',
      '**/gen',
      '**/.nx',
      '**/*.config.ts',
      '**/*.config.base.ts',
      'release/check/project',
      // What cargo makes of it, on demand.
      'bench/proxy/peers/pingora/target',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    rules: {
      // { unwanted: _, ...rest } leaves a field out.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          allow: [],
          depConstraints: Object.entries(mayUse).map(([sourceTag, onlyDependOnLibsWithTags]) => ({
            sourceTag,
            onlyDependOnLibsWithTags,
          })),
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'max-lines': ['warn', { max: 400, skipComments: true, skipBlankLines: true }],
      eqeqeq: 'error',
    },
  },
  {
    // Whoever follows endpoints or speaks xDS does not load a Kubernetes client, DNS packets or gRPC's client with that.
    files: ['libs/{endpoints,balancing,tls,xds}/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@grpc/*', '@kubernetes/*', 'dns-packet', 'dns', 'node:dns', 'node:dns/*'] },
            // Files of proto that define a gRPC service import its client: from these, types only.
            {
              regex: '^@evenly/proto/(echo|grpc|envoy/service/[^/]+/v3/(?!discovery$))',
              allowTypeImports: true,
            },
          ],
        },
      ],
    },
  },
  {
    // Whoever routes requests, or holds connections to endpoints, knows nothing of the calls above.
    files: ['apps/l7-proxy/src/{routing,stats,upstream}/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['../call/**', '../metrics/**'] }] },
      ],
    },
  },
  {
    // Only main.ts may touch the process: everything else takes what it needs as an argument.
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: ['**/main.ts', '**/*.spec.ts', '**/testing/**'],
    rules: { 'no-restricted-globals': ['error', 'process'], 'no-console': 'error' },
  },
  { files: ['**/*.{js,mjs}'], extends: [tseslint.configs.disableTypeChecked] },
  // Scripts of a page share their globals.
  {
    files: ['apps/*/assets/*.js'],
    languageOptions: { sourceType: 'script' },
    rules: { '@typescript-eslint/no-unused-vars': ['error', { vars: 'local' }] },
  },
);
