/** Names of spans. Jaeger lists them as operations: few, and none with an id in it. */
export const SPANS = {
  /** Root: from the webhook that announces the call until it is answered, rejected or sent on. */
  call: 'call',
  /** A later webhook, until it was worked on. */
  webhook: (eventType: string): string => `webhook ${eventType}`,
  /** A Call Control command, until Telnyx has answered. */
  command: (action: string): string => `telnyx ${action}`,
  /** A media socket: from the upgrade until its stream has started and somebody serves it. */
  mediaStream: 'media_stream',
  /** From the moment a session with the model was asked for until it is verified. */
  realtimeConnect: 'realtime_connect',
  /** From the caller's first word (or what else is answered) until the answer was heard or cut off. */
  turn: 'turn',
  callerSpeech: 'user_speech',
  inference: (model: string): string => `realtime_inference ${model}`,
  tool: (name: string): string => `execute_tool ${name}`,
  /** From the first audio sent to the caller until the last was heard, or cut off. */
  playout: 'playout',
  /** The conversation goes on in another session: from the loss until it is ready. */
  resume: 'resume',
  /** Another pod's call is taken over: from the moment it was noticed until it is ours. */
  takeOver: 'take_over',
  /** A call is given to another pod: from standing still until that has it. */
  handOver: 'hand_over',
  /** A call of a pod that is gone: from the moment that was noticed until another pod has it, or it is over. */
  recover: 'recover',
  /** A media socket is given to another pod: from the upgrade until that has it. */
  relay: 'relay',
  /** From the order until the caller talks to somebody else, or was not taken. */
  transfer: 'transfer',
  /** The caller hears nothing: from the loss of a media stream until there is another one. */
  streamLost: 'stream_lost',
  /** The pod that carries the call begins to leave; of no length. */
  drain: 'drain',
  /** The model refused something that it was asked; of no length. */
  modelRefusal: 'model_refusal',
  /** Totals, at the end. */
  summary: 'call.summary',
} as const;

/** Names of attributes: OpenTelemetry's and its GenAI conventions' where there are any, else ours. */
export const ATTRS = {
  callId: 'parley.call.id',
  sessionId: 'parley.call.session_id',
  /** `gen_ai.conversation.id`: the call, in the words of the GenAI conventions. */
  conversationId: 'gen_ai.conversation.id',
  endReason: 'parley.call.end_reason',
  from: 'parley.caller.number',
  fromHash: 'parley.caller.hash',
  to: 'parley.callee.number',
  toHash: 'parley.callee.hash',
  pod: 'parley.pod',
  reason: 'parley.reason',
  provider: 'gen_ai.provider.name',
  operation: 'gen_ai.operation.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  responseId: 'gen_ai.response.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  outputType: 'gen_ai.output.type',
  realtimeSessionId: 'gen_ai.realtime_session.id',
  toolName: 'gen_ai.tool.name',
  toolCallId: 'gen_ai.tool.call.id',
  toolType: 'gen_ai.tool.type',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  // Tokens of one response. The conventions' proposal for realtime models; cached ones are a part of the input.
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  inputTextTokens: 'gen_ai.usage.text.input_tokens',
  inputAudioTokens: 'gen_ai.usage.audio.input_tokens',
  outputTextTokens: 'gen_ai.usage.text.output_tokens',
  outputAudioTokens: 'gen_ai.usage.audio.output_tokens',
  cachedTokens: 'gen_ai.usage.cache_read.input_tokens',
  cachedTextTokens: 'gen_ai.usage.text.cache_read.input_tokens',
  cachedAudioTokens: 'gen_ai.usage.audio.cache_read.input_tokens',
  /** Why a call was rejected before the answer. */
  callRejected: 'parley.call.rejected',
  /** Why a call was sent to OVERFLOW_NUMBER instead. */
  callOverflowed: 'parley.call.overflowed',
  callDurationMs: 'parley.call.duration_ms',
  /** Grows by one with every change of the pod that has the call. */
  callEpoch: 'parley.call.epoch',
  /** `second`: what it is about is the leg dialled by a transfer. */
  callLeg: 'parley.call.leg',
  callTurns: 'parley.call.turns',
  callInterruptions: 'parley.call.interruptions',
  callResumes: 'parley.call.resumes',
  /** Missing where the price of anything in the call is not known. */
  callCostUsd: 'parley.call.cost_usd',
  webhookEventId: 'parley.webhook.event_id',
  /** From the moment that Telnyx gives for it to its receipt; by two clocks. */
  webhookDelayMs: 'parley.webhook.delay_ms',
  telnyxErrorCode: 'parley.telnyx.error_code',
  /** Not sent: another pod has the call. */
  commandFenced: 'parley.command.fenced',
  httpMethod: 'http.request.method',
  httpStatus: 'http.response.status_code',
  /** Tries after the first. */
  httpResends: 'http.request.resend_count',
  streamId: 'parley.stream.id',
  /** `pcmu` or `pcma`. */
  streamCodec: 'parley.stream.codec',
  /** Number of the stream within the call: 0 with the answer. */
  streamAttempt: 'parley.stream.attempt',
  /** Another one of the call was still there. */
  streamReplaced: 'parley.stream.replaced',
  /** Media sockets that the call has had on this pod; so with what follows. */
  mediaSockets: 'parley.media.sockets',
  mediaFramesIn: 'parley.media.frames_in',
  mediaFramesOut: 'parley.media.frames_out',
  /** Where frames never came, and silence stands for them. */
  mediaGaps: 'parley.media.gaps',
  mediaPaddedMs: 'parley.media.padded_ms',
  mediaReordered: 'parley.media.reordered',
  /** Frames that came too late, or twice. */
  mediaDropped: 'parley.media.dropped',
  /** The pod that something came from, or had the call before. */
  fromPod: 'parley.from_pod',
  /** The pod that something went to. */
  toPod: 'parley.to_pod',
  /** How it was noticed that a pod is gone, or that its call is to be had here. */
  noticedBy: 'parley.noticed_by',
  result: 'parley.result',
  tries: 'parley.tries',
  /** What the caller said while the call stood still, and the pod that has it now was given. */
  unheardMs: 'parley.unheard_ms',
  transferNumber: 'parley.transfer.number',
  /** Within the call, from 1; the greeting is 0. */
  turnNumber: 'parley.turn.number',
  /** Why the assistant spoke, or was to. */
  turnCause: 'parley.turn.cause',
  turnOutcome: 'parley.turn.outcome',
  /** The caller cut the assistant off. */
  turnInterrupted: 'parley.turn.interrupted',
  // From the moment the answer was due (the end of the caller's words; where there are none, the turn's beginning).
  turnResponseCreatedMs: 'parley.turn.response_created_ms',
  turnModelAudioMs: 'parley.turn.model_audio_ms',
  turnAudioSentMs: 'parley.turn.audio_sent_ms',
  turnAudioHeardMs: 'parley.turn.audio_heard_ms',
  /** From the beginning of the caller's words to silence on the line. */
  turnBargeInMs: 'parley.turn.barge_in_ms',
  /** Of what was cut off, what the caller had heard, and of how much. */
  cutHeardMs: 'parley.cut.heard_ms',
  cutOfMs: 'parley.cut.of_ms',
  /** Of a turn's responses; missing where the price of any is not known. */
  turnCostUsd: 'parley.turn.cost_usd',
  responseCostUsd: 'parley.response.cost_usd',
  /** From asking for it until the model began. */
  responseWaitMs: 'parley.response.wait_ms',
  /** From its beginning to the first audio that came from the model. */
  responseFirstAudioMs: 'parley.response.first_audio_ms',
  responseAudioMs: 'parley.response.audio_ms',
  /** Nothing of it was for the caller. */
  responseDropped: 'parley.response.dropped',
  /** `built-in`, `http` or `mcp`. */
  toolKind: 'parley.tool.kind',
  /** The turn had gone on without its result. */
  toolLate: 'parley.tool.late',
  sessionAttempts: 'parley.session.attempts',
  /** Items of the conversation that a new session was told. */
  sessionItemsTold: 'parley.session.items_told',
  /** It was connected before it was asked for. */
  sessionWarm: 'parley.session.warm',
  /** From the dial to the confirmed configuration. */
  sessionConnectMs: 'parley.session.connect_ms',
  /** Since the dial, when the call got it. */
  sessionAgeMs: 'parley.session.age_ms',
  /** What kind of trouble `error.type` is; one of a few words. */
  failureClass: 'parley.failure.class',
  /** The model's own word for it. */
  failureCode: 'parley.failure.code',
  /** `fatal` or `retryable`. */
  failureKind: 'parley.failure.kind',
  // Only with TRACE_CONTENT=on. All of them begin alike, so that a collector can take them out.
  callerWords: 'parley.content.caller',
  assistantWords: 'parley.content.assistant',
  toolArguments: 'parley.content.tool_arguments',
  toolResult: 'parley.content.tool_result',
} as const;

/** Names of events within spans. */
export const EVENTS = {
  /** The first audio of a response came from the model. */
  firstAudio: 'first_audio',
  /** The caller heard the first of an answer. */
  firstHeard: 'first_heard',
  /** The caller cut the assistant off: the line is silent. */
  bargeIn: 'barge_in',
} as const;
