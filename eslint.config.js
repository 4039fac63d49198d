import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const clock = 'Read the time from a Clock (shared/kernel/time.ts): the core takes it as an input.';
const random = 'Draw from a seeded generator (shared/kernel/random.ts): the same inputs give the same bytes.';
const transcendental = 'Math.log, exp and pow differ between processors: use shared/kernel/math.ts.';

/** What makes the same inputs give other bytes: the ambient clock, unseeded randomness, fused transcendentals. */
const determinism = [
  { object: 'Date', property: 'now', message: clock },
  { object: 'performance', property: 'now', message: clock },
  { object: 'process', property: 'hrtime', message: clock },
  { object: 'DateTime', property: 'now', message: clock },
  { object: 'DateTime', property: 'local', message: clock },
  { object: 'DateTime', property: 'utc', message: clock },
  { object: 'Math', property: 'random', message: random },
  ...[
    'log',
    'log2',
    'log10',
    'log1p',
    'exp',
    'expm1',
    'pow',
    'sin',
    'cos',
    'tan',
    'tanh',
    'sinh',
    'cosh',
    'cbrt',
    'hypot',
  ].map((property) => ({ object: 'Math', property, message: transcendental })),
];
const syntax = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clock },
  { selector: 'CallExpression[callee.name=/^(randomUUID|randomBytes|getRandomValues)$/]', message: random },
  { selector: "BinaryExpression[operator='**']", message: transcendental },
  {
    selector: "CallExpression[callee.property.name='localeCompare']",
    message: 'Compare with < and >: locales differ.',
  },
];

export default tseslint.config(
  { ignores: ['node_modules/', 'cdk.out/', 'cdk.out.built/', 'data/', 'data-*/'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      'no-restricted-properties': ['error', ...determinism],
      'no-restricted-syntax': ['error', ...syntax],
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  // The places that may have them: the wall clock itself, the seeded generator's own arithmetic, and the tokens and
  // pauses of repeated requests, which must differ between writers and are stored nowhere.
  {
    files: ['shared/kernel/time.ts', 'shared/kernel/random.ts', 'shared/stores/aws-retry.ts'],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-syntax': 'off' },
  },
  // A bench measures time by its nature; a script beside the host's Node is plain JavaScript.
  { files: ['bench/**', '.ci/**'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['tests/**'], rules: { 'max-lines-per-function': 'off', 'no-restricted-properties': 'off' } },
  {
    files: ['**/*.mjs', '**/*.cjs', '*.js'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', module: 'writable' },
    },
    rules: { 'no-console': 'off' },
  },
);
