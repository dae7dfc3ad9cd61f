import {
  type ActiveCall,
  CallCommands,
  type CommandOutcome,
  type StreamRequest,
  type TransferRequest,
} from './call-commands.js';

/** Another pod has the call: the command was not sent. */
const NOT_OURS: CommandOutcome = { ok: false, gone: false, code: 'not-ours', status: 409 };

/**
 * Commands for calls that may have gone to another pod while this one was not looking: each is sent only while this pod
 * may still act for its call. What comes before there is an owner (answer, reject) is not fenced: its id is the same on
 * every pod, so that sent twice it has one effect.
 */
export class FencedCommands extends CallCommands {
  /**
   * @param mayAct whether this pod may act for a call; does not reject.
   * @param watch asked before a command is sent; what it gives is told of one that was not, by its name in Telnyx's API.
   */
  constructor(
    private readonly commands: CallCommands,
    private readonly mayAct: (callControlId: string) => Promise<boolean>,
    private readonly watch: (callControlId: string) => (action: string) => void = () => () => undefined,
  ) {
    super();
  }

  answer(callControlId: string, stream?: StreamRequest): Promise<CommandOutcome> {
    return this.commands.answer(callControlId, stream);
  }

  rejectAsBusy(callControlId: string): Promise<CommandOutcome> {
    return this.commands.rejectAsBusy(callControlId);
  }

  hangUp(callControlId: string): Promise<CommandOutcome> {
    return this.fenced('hangup', callControlId, () => this.commands.hangUp(callControlId));
  }

  startStream(callControlId: string, stream: StreamRequest, attempt: number): Promise<CommandOutcome> {
    return this.fenced('streaming_start', callControlId, () =>
      this.commands.startStream(callControlId, stream, attempt),
    );
  }

  stopStream(callControlId: string, cause: string): Promise<CommandOutcome> {
    return this.fenced('streaming_stop', callControlId, () => this.commands.stopStream(callControlId, cause));
  }

  transfer(callControlId: string, request: TransferRequest): Promise<CommandOutcome> {
    return this.fenced('transfer', callControlId, () => this.commands.transfer(callControlId, request));
  }

  sendKeys(callControlId: string, keys: string, cause: string): Promise<CommandOutcome> {
    return this.fenced('send_dtmf', callControlId, () => this.commands.sendKeys(callControlId, keys, cause));
  }

  speak(callControlId: string, sentence: string): Promise<CommandOutcome> {
    return this.fenced('speak', callControlId, () => this.commands.speak(callControlId, sentence));
  }

  async sayBeside(callControlId: string, sentence: string, cause: string): Promise<boolean> {
    const refused = this.watch(callControlId);
    if (await this.mayAct(callControlId)) return this.commands.sayBeside(callControlId, sentence, cause);
    refused('speak');
    return false;
  }

  isAlive(callControlId: string): Promise<boolean | undefined> {
    return this.commands.isAlive(callControlId);
  }

  activeCalls(connectionId: string): Promise<ActiveCall[]> {
    return this.commands.activeCalls(connectionId);
  }

  private async fenced(
    action: string,
    callControlId: string,
    send: () => Promise<CommandOutcome>,
  ): Promise<CommandOutcome> {
    const refused = this.watch(callControlId);
    if (await this.mayAct(callControlId)) return send();
    refused(action);
    return NOT_OURS;
  }
}
