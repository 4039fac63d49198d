// Prints `N passed, N failed` from vitest's JSON reports; exits 1 where anything failed.
// Arguments: the reports in one word, separated by spaces; then the names of checks that failed as a whole.
import { existsSync, readFileSync } from 'node:fs';

const [reports = '', ...failedChecks] = process.argv.slice(2);
const problems = [...failedChecks];
let passed = 0;
let failed = failedChecks.length;
let skipped = 0;

for (const report of reports.split(' ').filter((path) => path !== '')) {
  if (!existsSync(report)) {
    failed += 1;
    problems.push(`${report} was not written: vitest did not start or was killed`);
    continue;
  }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const before = failed;
  for (const { name, status, assertionResults } of testResults) {
    const count = (wanted) => assertionResults.filter((test) => wanted.includes(test.status)).length;
    passed += count(['passed']);
    skipped += count(['pending', 'skipped', 'todo', 'disabled']);
    const failures = count(['failed']);
    // A file that cannot be imported has no tests to fail: it counts as one.
    const ownFailures = status === 'failed' && failures === 0 ? 1 : failures;
    failed += ownFailures;
    if (ownFailures > 0) problems.push(`${report}: ${ownFailures} in ${name}`);
  }
  // .ci/run marks a report whose vitest exited with an error: it may have come from outside any test.
  if (failed === before && (existsSync(`${report}.failed`) || testResults.length === 0)) {
    failed += 1;
    problems.push(`${report}: vitest failed outside a test`);
  }
}
if (reports === '' && failed === 0) {
  failed += 1;
  problems.push('no test was run');
}

console.log('');
for (const problem of problems) console.log(`FAILED ${problem}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
