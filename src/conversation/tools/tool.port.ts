/** What the model is told about a tool. */
export interface ToolDeclaration {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  parameters: Record<string, unknown>;
}

/** A tool of the operator's own. */
export interface OwnTool {
  readonly name: string;
  /** `wait`: the model answers when the result is in. `later`: it goes on, and is told when the result comes. */
  readonly result: 'wait' | 'later';
  /**
   * Runs it. Never rejects: what went wrong is in the text, short enough for the model to speak about.
   * @param argumentsText as the model wrote it; checked here.
   * @param signal aborted when nobody waits for the result any more (the call is over).
   * @returns what the model reads.
   */
  run(argumentsText: string, call: ToolCallIdentity, signal: AbortSignal): Promise<ToolOutcome>;
}

/** Which call of a tool this is. */
export interface ToolCallIdentity {
  /** The phone call. */
  callId: string;
  /** Unique within the phone call: the same id is never run twice. */
  toolCallId: string;
}

export interface ToolOutcome {
  ok: boolean;
  /** For the model: JSON or a sentence. */
  output: string;
  /** For logs and spans: never holds arguments or results. */
  error: string | undefined;
}

/** The operator's own tools. */
export abstract class ToolBox {
  abstract readonly declarations: readonly ToolDeclaration[];
  abstract find(name: string): OwnTool | undefined;
}
