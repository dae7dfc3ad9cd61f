import { CommanderError } from 'commander';
import { CallerScriptError } from '../caller/index.js';
import { simulatorProgram } from './program.js';
import { openTerminal } from './terminal.js';
import { ValueError } from './values.js';

/** For a command line that cannot be carried out, as against calls that went wrong (1). */
const USAGE_EXIT_CODE = 2;

const terminal = openTerminal();
try {
  await simulatorProgram(terminal, (code) => (process.exitCode = code)).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  else if (error instanceof ValueError || error instanceof CallerScriptError) {
    terminal.err.write(`${terminal.errColors.red('error')}: ${error.message}\n`);
    process.exitCode = USAGE_EXIT_CODE;
  } else throw error;
}
