import { Command } from 'commander';
import { callCommand } from './call-command.js';
import { catalogueText } from './catalogue-text.js';
import { clusterCommand } from './cluster-command.js';
import { keyPairOfFile } from './key-file.js';
import { realtimeCommand } from './realtime-command.js';
import { telnyxCommand } from './telnyx-command.js';
import { type Terminal } from './terminal.js';

/** The command line of the simulator. @param exit is told the exit code of the command that ran */
export function simulatorProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('npm run simulate --')
    .description(
      'Telnyx and OpenAI Realtime, simulated: for trying a voice gateway, Parley or another, without either.',
    )
    .addCommand(callCommand(terminal, exit))
    .addCommand(telnyxCommand(terminal, exit))
    .addCommand(realtimeCommand(terminal, exit))
    .addCommand(clusterCommand(terminal, exit))
    .addCommand(
      new Command('key')
        .description('prints the public key that belongs to a --key-file; makes the file when it is not there')
        .argument('<file>', 'private key (PEM)')
        .action((file: string) => void terminal.out.write(`${keyPairOfFile(file).publicKey}\n`)),
    )
    .addCommand(
      new Command('switches')
        .description('lists what --switch and --fault take')
        .action(() => void terminal.out.write(catalogueText())),
    )
    .addHelpText(
      'after',
      `
Examples:
  call --webhook-url http://127.0.0.1:6000/webhooks/ --port 7000 --key-file .telnyx-key.pem
  call --webhook-url http://127.0.0.1:6000/webhooks/ --calls 20 --rate 2 --max-latency-ms 1500 --json report.json
  realtime --port 7001 --reply assistant-greeting --reply "All right, Friday it is."
  cluster kill --calls 10

Each command has its own --help; docs/simulator.md explains them.`,
    );
  for (const command of [program, ...program.commands]) {
    command.showHelpAfterError('(--help lists what there is)').exitOverride();
  }
  return program;
}
