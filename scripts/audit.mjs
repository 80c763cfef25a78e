#!/usr/bin/env node
/**
 * Asks the package registry for known vulnerabilities of the locked Node packages. Skipped, with a
 * notice, where the registry doesn't answer this question.
 */
import { pathToFileURL } from 'node:url';
import { log, root, run, runScript, SetupError } from './setup/terminal.mjs';

const SERIOUS = ['high', 'critical'];

/** The answer of `npm audit --json`: serious findings as lines; null when it isn't one. Pure. */
export function seriousFindings(output) {
  try {
    const { vulnerabilities } = JSON.parse(output);
    if (typeof vulnerabilities !== 'object' || vulnerabilities === null) return null;
    return Object.entries(vulnerabilities)
      .filter(([, { severity }]) => SERIOUS.includes(severity))
      .map(([name, { severity, range }]) => `${name} ${range}: ${severity}`);
  } catch {
    return null;
  }
}

async function audit() {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const answer = await run(npm, ['audit', '--json'], {
    quiet: true,
    cwd: root,
    shell: process.platform === 'win32',
  });
  const found = seriousFindings(answer.output.slice(answer.output.indexOf('{')));
  if (found === null)
    return log('Audit skipped: the package registry has no advisories to ask for.');
  if (found.length > 0)
    throw new SetupError(
      `${String(found.length)} packages have serious known vulnerabilities.`,
      'Update them in package.json.',
      found.join('\n'),
    );
  return log('Audit: no serious known vulnerabilities in the Node packages.');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await runScript(audit);
