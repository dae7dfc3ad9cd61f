import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { type AssistantScript, type DoubleSession, RealtimeDouble } from '../realtime/index.js';
import { armRealtimeFaults } from './faults.js';
import { collected, portNumber } from './option-parsers.js';
import { replyOf } from './realtime-reply.js';
import { REALTIME_SWITCHES } from './realtime-switches.js';
import { listenOn } from './start-telnyx.js';
import { untilStopped, whenStopped } from './stop-signals.js';
import { parseSwitches } from './switches.js';
import { tailOf } from './tail.js';
import { type Terminal } from './terminal.js';
import { ValueError } from './values.js';

interface RealtimeFlags {
  port: number;
  host: string;
  apiKey: string;
  tlsKey?: string;
  tlsCert?: string;
  reply?: string[];
  then: NonNullable<AssistantScript['then']>;
  hears?: string[];
  switch?: string[];
  fault?: string[];
  strict?: true;
}

const LOOK_EVERY_MS = 50;

export function realtimeCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('realtime')
    .summary("starts the double of OpenAI's Realtime API and keeps it up")
    .description(
      "Starts the double of OpenAI's Realtime API (WebSocket) and keeps it up until Ctrl-C. " +
        'It hears when the caller speaks, answers with what --reply says, and refuses what the service refuses.',
    )
    .option('--port <port>', 'port to listen on; 0: any', portNumber, 0)
    .option('--host <address>', 'address to listen on; 0.0.0.0 for clients in other containers', '127.0.0.1')
    .option('--tls-key <file>', 'private key (PEM); with it and --tls-cert the double speaks wss')
    .option('--tls-cert <file>', 'certificate (PEM)')
    .option('--api-key <key>', 'the only key that is let in', 'sk-double')
    .option(
      '--reply <text|file|call>',
      'what the assistant does, one for each response, may be repeated: a text (a voice is made up), a WAV file, the ' +
        'name of a clip, or the call of a tool such as \'call:book_table {"day":"Friday"}\'',
      collected,
    )
    .addOption(
      new Option('--then <what>', 'after the last reply')
        .choices(['repeat-last', 'cycle', 'default'])
        .default('repeat-last'),
    )
    .option('--hears <text>', "transcript of the caller's turn, one for each, may be repeated", collected)
    .option(
      '--switch <name=value>',
      'how the service behaves, may be repeated; "simulate switches" lists them',
      collected,
    )
    .option('--fault <fault>', 'what goes wrong, may be repeated; "simulate switches" lists them', collected)
    .option('--strict', 'exit code 1 when a client did what the service refuses')
    .action(async (flags: RealtimeFlags) => exit(await serveRealtime(flags, terminal)));
}

async function serveRealtime(flags: RealtimeFlags, { out, outColors }: Terminal): Promise<number> {
  const { port, host, apiKey, then, hears, reply } = flags;
  const tls = certificateOf(flags);
  const replies = reply?.map(replyOf);
  const switches = parseSwitches(REALTIME_SWITCHES, flags.switch ?? []);
  return untilStopped(async (stopped) => {
    const double = await listenOn(port, () =>
      RealtimeDouble.start({
        port,
        host,
        apiKey,
        switches,
        script: { then, ...(replies && { replies }), ...(hears && { hears }) },
        ...(tls && { tls }),
      }),
    );
    try {
      armRealtimeFaults(double.faults, flags.fault ?? []);
      const print = (text: string): void => void out.write(`${outColors.dim(new Date().toISOString())}  ${text}\n`);
      out.write(`OPENAI_REALTIME_URL=${double.url}\nOPENAI_API_KEY=${apiKey}\n\nCtrl-C stops.\n`);
      const following = follow(double, print, outColors.red);
      await whenStopped(stopped);
      clearInterval(following);
      const faults = double.sessions.reduce((sum, session) => sum + faultsOf(session).length, 0);
      print(`${double.sessions.length} sessions, ${faults} things that the service would not take`);
      return flags.strict && faults > 0 ? 1 : 0;
    } finally {
      await double.close();
    }
  });
}

function certificateOf({ tlsKey, tlsCert }: RealtimeFlags): { key: Buffer; cert: Buffer } | undefined {
  if (tlsKey === undefined && tlsCert === undefined) return undefined;
  if (tlsKey === undefined || tlsCert === undefined) throw new ValueError('--tls-key and --tls-cert go together');
  try {
    return { key: readFileSync(tlsKey), cert: readFileSync(tlsCert) };
  } catch (error) {
    throw new ValueError(`--tls-key, --tls-cert: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function faultsOf(session: DoubleSession): string[] {
  return [
    ...session.violations.map(({ kind, detail }) => `${kind}: ${detail}`),
    ...session.errorsSent.map(({ code, message }) => `error ${code ?? ''}: ${message}`),
  ];
}

/** Deltas come many times a second; their `done` tells as much. */
const TOLD = /^(?!.*\.delta$|rate_limits)/;

function follow(double: RealtimeDouble, print: (text: string) => void, red: (text: string) => string): NodeJS.Timeout {
  const sessions = tailOf(() => double.sessions);
  const refusals = tailOf(() => double.refusals);
  const looks: (() => void)[] = [];
  return setInterval(() => {
    for (const { status, reason } of refusals()) print(red(`connection refused: ${status} ${reason}`));
    for (const session of sessions()) {
      const name = `session ${looks.length + 1}`;
      print(`${name} opened (${session.id})`);
      session.closed.then(({ code, reason }) => print(`${name} closed: ${code} ${reason}`)).catch(() => undefined);
      const sent = tailOf(() => session.clientEvents);
      const received = tailOf(() => session.serverEvents);
      const faults = tailOf(() => faultsOf(session));
      looks.push(() => {
        for (const { type } of sent()) print(`${name} ← ${type}`);
        for (const { type } of received()) if (TOLD.test(type)) print(`${name} → ${type}`);
        for (const fault of faults()) print(red(`${name} ${fault}`));
      });
    }
    for (const look of looks) look();
  }, LOOK_EVERY_MS);
}
