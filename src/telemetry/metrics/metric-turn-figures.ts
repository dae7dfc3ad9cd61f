import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config/config.token.js';
import { type Config } from '../../config/config.js';
import {
  type SessionOpening,
  type TurnResponse,
  type TurnTimeline,
  type TurnTool,
} from '../../conversation/observer.port.js';
import { failureClass } from '../conversation/failure-class.js';
import { TurnFigures } from '../conversation/turn-figures.js';
import { turnLatencies } from '../conversation/turn-latencies.js';
import { Counters } from '../counters.js';
import { type Attributes } from './metric-table.js';
import { Meters } from './meters.js';

type Asked = Attributes<'gen_ai.client.operation.time_to_first_chunk'>;

/** Of the conventions: for a value that is none of the few. */
const OTHER = '_OTHER';

/** Takes from each turn, when it is over, what is worth a metric. */
@Injectable()
export class MetricTurnFigures extends TurnFigures {
  private readonly asked: Asked;
  /** Tools with these names have figures of their own. What the model makes up, or another server names, has not. */
  private readonly toolNames: ReadonlySet<string>;

  constructor(
    @Inject(CONFIG) { openai, tools }: Config,
    private readonly counters: Counters,
    private readonly meters: Meters,
  ) {
    super();
    this.asked = {
      'gen_ai.operation.name': 'realtime_inference',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': openai.model,
    };
    this.toolNames = new Set([...tools.builtIn, ...tools.http.map(({ name }) => name)]);
  }

  turn(turn: TurnTimeline): void {
    const { counters, meters } = this;
    counters.turns[turn.cause].add(turn.outcome);
    const { audioSentMs, audioHeardMs } = turnLatencies(turn);
    if (turn.cause === 'greeting') this.seconds('parley.greeting.delay', audioHeardMs);
    if (turn.cause === 'caller' && turn.callerSpeech) {
      this.seconds('parley.turn.time_to_audio_sent', audioSentMs);
      this.seconds('parley.turn.time_to_audio_heard', audioHeardMs);
    }
    this.seconds('parley.barge_in.duration', turn.bargeInMs);
    if (turn.cut) counters.playoutDroppedMs += Math.max(0, turn.cut.ofMs - turn.cut.heardMs);
    for (const response of turn.responses) this.response(response);
    for (const { kind, name, error, startedAtMs, endedAtMs } of turn.tools) {
      meters.record('gen_ai.execute_tool.duration', (endedAtMs - startedAtMs) / 1_000, {
        'gen_ai.tool.name': this.toolName(kind, name),
        kind,
        'error.type': error === undefined ? undefined : 'failed',
      });
    }
  }

  session({ cause, startedAtMs, endedAtMs, failure }: SessionOpening): void {
    this.meters.record('parley.model.session.wait', (endedAtMs - startedAtMs) / 1_000, {
      cause,
      'error.type': failure && failureClass(failure.code),
    });
  }

  private response({ askedAtMs, createdAtMs, firstAudioAtMs, doneAtMs, outcome }: TurnResponse): void {
    const { asked, counters, meters } = this;
    const fromMs = askedAtMs ?? createdAtMs;
    const failure = outcome?.failure && failureClass(outcome.failure.code);
    if (outcome?.failure) counters.modelFailed('response', outcome.failure.code);
    meters.record('gen_ai.client.operation.duration', (doneAtMs - fromMs) / 1_000, { ...asked, 'error.type': failure });
    if (firstAudioAtMs !== undefined)
      meters.record('gen_ai.client.operation.time_to_first_chunk', (firstAudioAtMs - fromMs) / 1_000, asked);
    if (!outcome?.usage) return;
    const { inputTextTokens, inputAudioTokens, outputTextTokens, outputAudioTokens } = outcome.usage;
    const tokens = { input: inputTextTokens + inputAudioTokens, output: outputTextTokens + outputAudioTokens };
    for (const type of ['input', 'output'] as const)
      meters.record('gen_ai.client.token.usage', tokens[type], { ...asked, 'gen_ai.token.type': type });
  }

  private toolName(kind: TurnTool['kind'], name: string): string {
    return kind !== 'mcp' && this.toolNames.has(name) ? name : OTHER;
  }

  private seconds(
    name:
      | 'parley.greeting.delay'
      | 'parley.turn.time_to_audio_sent'
      | 'parley.turn.time_to_audio_heard'
      | 'parley.barge_in.duration',
    ms: number | undefined,
  ): void {
    if (ms !== undefined) this.meters.record(name, ms / 1_000, {});
  }
}
