import { type Command } from 'commander';
import { TelnyxDouble } from '../telnyx/index.js';
import { armTelnyxFaults } from './faults.js';
import { keyPairOfFile } from './key-file.js';
import { collected, portNumber, urlOf } from './option-parsers.js';
import { parseSwitches } from './switches.js';
import { TELNYX_SWITCHES } from './telnyx-switches.js';
import { ValueError } from './values.js';

/** The options of every command that starts a Telnyx double. */
export interface TelnyxFlags {
  webhookUrl: string;
  port: number;
  host: string;
  apiKey: string;
  keyFile?: string;
  streamTo?: string;
  switch?: string[];
  fault?: string[];
}

export function addTelnyxOptions(command: Command): Command {
  return command
    .requiredOption(
      '--webhook-url <url>',
      "where the gateway takes Telnyx's webhooks, path included",
      urlOf('http', 'https'),
    )
    .option('--port <port>', 'port of the REST API that the gateway sends its commands to; 0: any', portNumber, 0)
    .option('--host <address>', 'address to listen on; 0.0.0.0 for gateways in other containers', '127.0.0.1')
    .option('--api-key <key>', 'the key that the gateway must send', 'KEY-double')
    .option('--key-file <path>', 'private key that signs webhooks (PEM); made when it is not there. Default: a new key')
    .option('--stream-to <url>', 'open media streams here instead of at the host in stream_url', urlOf('ws', 'wss'))
    .option('--switch <name=value>', 'how Telnyx behaves, may be repeated; "simulate switches" lists them', collected)
    .option('--fault <fault>', 'what goes wrong, may be repeated; "simulate switches" lists them', collected);
}

/** Starts the double that the flags describe. Throws ValueError for flags that cannot be. */
export async function startTelnyx(flags: TelnyxFlags): Promise<TelnyxDouble> {
  const { webhookUrl, port, host, apiKey, keyFile, streamTo } = flags;
  const switches = parseSwitches(TELNYX_SWITCHES, flags.switch ?? []);
  const double = await listenOn(port, () =>
    TelnyxDouble.start({
      webhookUrl,
      port,
      host,
      apiKey,
      switches,
      ...(keyFile !== undefined && { keyPair: keyPairOfFile(keyFile) }),
      ...(streamTo !== undefined && { mapStreamUrl: (url: string) => atOrigin(url, streamTo) }),
    }),
  );
  try {
    armTelnyxFaults(double.faults, flags.fault ?? []);
  } catch (error) {
    await double.close();
    throw error;
  }
  return double;
}

/** Turns a port in use into a sentence with the way out. */
export async function listenOn<T>(port: number, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new ValueError(`port ${port} is in use: give another one with --port`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new ValueError(`--host: ${message}`);
    throw error;
  }
}

/** The path and query of one URL at the scheme, host and port of another. */
function atOrigin(url: string, origin: string): string {
  const { pathname, search } = new URL(url);
  const { protocol, host } = new URL(origin);
  return `${protocol}//${host}${pathname}${search}`;
}

/** What the gateway has to be told, as environment variables of the `telnyx` SDK and of Parley. */
export function gatewaySettings(double: TelnyxDouble): string[] {
  return [
    `TELNYX_BASE_URL=${double.restUrl}`,
    `TELNYX_API_KEY=${double.apiKey}`,
    `TELNYX_PUBLIC_KEY=${double.publicKey}`,
  ];
}
