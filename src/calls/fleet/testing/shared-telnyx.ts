import { type Clock } from '../../../common/clock.js';
import {
  type ActiveCall,
  CallCommands,
  type CommandOutcome,
  type StreamRequest,
  type TransferRequest,
} from '../../call-commands.js';
import { GONE, OK } from '../../testing/scripted-commands.js';

/** For so long a repeated command id is taken, and does nothing. */
const SWALLOWED_MS = 60_000;

/** One command as it was sent. */
export interface SentCommand {
  pod: string;
  command: string;
  callControlId: string;
  atMs: number;
  /** What came of it: `swallowed` for a repeated one. */
  result: 'done' | 'swallowed' | 'refused';
}

/** A phone call as Telnyx has it. */
export interface TelnyxCall {
  callControlId: string;
  over: boolean;
  answered: boolean;
  clientState: string | undefined;
  beganAtMs: number;
}

/** What happens when Telnyx has done what it was told. */
export interface TelnyxEvents {
  streamWanted(callControlId: string, url: string): void;
  streamStopped(callControlId: string): void;
  hungUp(callControlId: string): void;
}

/** Telnyx, as all pods of a stage share it: knows the calls, swallows repeated commands, opens streams, hangs up. */
export class SharedTelnyx {
  readonly calls = new Map<string, TelnyxCall>();
  readonly sent: SentCommand[] = [];
  /** Next outcomes by command, before anything is done. */
  readonly outcomes: Record<string, CommandOutcome[]> = {};
  readonly always: Record<string, CommandOutcome> = {};
  /** Told of each command, before it is carried out. */
  onSent: (sent: SentCommand) => void = () => undefined;
  private readonly ids = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly events: TelnyxEvents,
  ) {}

  /** Commands and their calls, one line each, of one pod or of all. */
  asked(pod?: string): string[] {
    return this.sent
      .filter((sent) => pod === undefined || sent.pod === pod)
      .map(({ command, callControlId }) => `${command} ${callControlId}`);
  }

  rings(callControlId: string): void {
    const call = { callControlId, over: false, answered: false, clientState: undefined };
    this.calls.set(callControlId, { ...call, beganAtMs: this.clock.nowMs() });
  }

  /** The caller hangs up. */
  end(callControlId: string): void {
    const call = this.calls.get(callControlId);
    if (!call || call.over) return;
    call.over = true;
    this.events.hungUp(callControlId);
  }

  take(
    pod: string,
    command: string,
    callControlId: string,
    cause: string,
    carryOut: (call: TelnyxCall) => void,
  ): CommandOutcome {
    const atMs = this.clock.nowMs();
    const note = (result: SentCommand['result']): void => {
      const sent = { pod, command, callControlId, atMs, result };
      this.sent.push(sent);
      this.onSent(sent);
    };
    const scripted = this.outcomes[command]?.shift() ?? this.always[command];
    const call = this.calls.get(callControlId);
    if (scripted && !scripted.ok) {
      note('refused');
      return scripted;
    }
    if (!call || call.over) {
      note('refused');
      return GONE;
    }
    const id = `${command} ${callControlId} ${cause}`;
    const before = this.ids.get(id);
    this.ids.set(id, atMs);
    if (before !== undefined && atMs - before < SWALLOWED_MS) {
      note('swallowed');
      return OK;
    }
    note('done');
    carryOut(call);
    return OK;
  }

  /** What one pod commands. @param pause on the way there and on the way back. */
  commandsOf(pod: string, pause: () => Promise<void>): CallCommands {
    return new PodCommands(this, this.events, pod, pause);
  }

  activeCalls(): ActiveCall[] {
    return [...this.calls.values()]
      .filter(({ over, answered }) => answered && !over)
      .map(({ callControlId, clientState, beganAtMs }) => ({
        callControlId,
        clientState,
        durationS: (this.clock.nowMs() - beganAtMs) / 1000,
      }));
  }
}

class PodCommands extends CallCommands {
  constructor(
    private readonly telnyx: SharedTelnyx,
    private readonly events: TelnyxEvents,
    private readonly pod: string,
    private readonly pause: () => Promise<void>,
  ) {
    super();
  }

  answer(callId: string, stream?: StreamRequest): Promise<CommandOutcome> {
    return this.send('answer', callId, '', (call) => {
      call.answered = true;
      call.clientState = stream?.clientState;
      if (stream) this.events.streamWanted(callId, stream.url);
    });
  }
  rejectAsBusy(callId: string): Promise<CommandOutcome> {
    return this.send('reject', callId, '', () => this.telnyx.end(callId));
  }
  hangUp(callId: string): Promise<CommandOutcome> {
    return this.send('hangup', callId, '', () => this.telnyx.end(callId));
  }
  startStream(callId: string, stream: StreamRequest, attempt: number): Promise<CommandOutcome> {
    return this.send('start', callId, String(attempt), (call) => {
      call.clientState = stream.clientState;
      this.events.streamWanted(callId, stream.url);
    });
  }
  stopStream(callId: string, cause: string): Promise<CommandOutcome> {
    return this.send('stop', callId, cause, () => this.events.streamStopped(callId));
  }
  transfer(callId: string, { transfer }: TransferRequest): Promise<CommandOutcome> {
    return this.send('transfer', callId, String(transfer), () => undefined);
  }
  sendKeys(callId: string, keys: string, cause: string): Promise<CommandOutcome> {
    return this.send('keys', callId, `${keys} ${cause}`, () => undefined);
  }
  speak(callId: string, sentence: string): Promise<CommandOutcome> {
    return this.send('speak', callId, sentence, () => undefined);
  }
  async sayBeside(callId: string, sentence: string, cause: string): Promise<boolean> {
    return (await this.send('say', callId, `${sentence} ${cause}`, () => undefined)).ok;
  }
  async isAlive(callId: string): Promise<boolean | undefined> {
    await this.pause();
    const call = this.telnyx.calls.get(callId);
    return call !== undefined && !call.over;
  }
  async activeCalls(): Promise<ActiveCall[]> {
    await this.pause();
    return this.telnyx.activeCalls();
  }

  private async send(
    command: string,
    callId: string,
    cause: string,
    carryOut: (call: TelnyxCall) => void,
  ): Promise<CommandOutcome> {
    await this.pause();
    const outcome = this.telnyx.take(this.pod, command, callId, cause, carryOut);
    await this.pause();
    return outcome;
  }
}
