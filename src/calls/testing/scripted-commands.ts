import { CallCommands, type CommandOutcome, type StreamRequest, type TransferRequest } from '../call-commands.js';

export const OK: CommandOutcome = { ok: true };
export const GONE: CommandOutcome = { ok: false, gone: true, code: '90018', status: 422 };
export const BROKEN: CommandOutcome = { ok: false, gone: false, code: '10007', status: 500 };
export const NOT_ANSWERED_YET: CommandOutcome = { ok: false, gone: false, code: '90034', status: 422 };

/** Call Control for tests: notes what it is asked, and answers as told; each list in order, then its `always`, then OK. */
export class ScriptedCommands extends CallCommands {
  /** Command and call, one line each. */
  readonly asked: string[] = [];
  readonly streams: StreamRequest[] = [];
  readonly transfers: TransferRequest[] = [];
  readonly sentences: string[] = [];
  readonly outcomes: Record<string, (CommandOutcome | Promise<CommandOutcome>)[]> = {};
  readonly always: Record<string, CommandOutcome> = {};

  answer(callId: string, stream?: StreamRequest): Promise<CommandOutcome> {
    if (stream) this.streams.push(stream);
    return this.reply(stream ? 'answer' : 'answer-only', callId);
  }
  rejectAsBusy(callId: string): Promise<CommandOutcome> {
    return this.reply('reject', callId);
  }
  hangUp(callId: string): Promise<CommandOutcome> {
    return this.reply('hangup', callId);
  }
  startStream(callId: string, stream: StreamRequest): Promise<CommandOutcome> {
    this.streams.push(stream);
    return this.reply('start', callId);
  }
  stopStream(callId: string): Promise<CommandOutcome> {
    return this.reply('stop', callId);
  }
  transfer(callId: string, request: TransferRequest): Promise<CommandOutcome> {
    this.transfers.push(request);
    return this.reply('transfer', callId);
  }
  sendKeys(callId: string, keys: string): Promise<CommandOutcome> {
    return this.reply(`keys ${keys}`, callId);
  }
  speak(callId: string, sentence: string): Promise<CommandOutcome> {
    this.sentences.push(sentence);
    return this.reply('speak', callId);
  }
  async sayBeside(callId: string): Promise<boolean> {
    return (await this.reply('say', callId)).ok;
  }

  async isAlive(): Promise<boolean> {
    return true;
  }
  async activeCalls(): Promise<[]> {
    return [];
  }

  private async reply(command: string, callId: string): Promise<CommandOutcome> {
    this.asked.push(`${command} ${callId}`);
    return this.outcomes[command]?.shift() ?? this.always[command] ?? OK;
  }
}
