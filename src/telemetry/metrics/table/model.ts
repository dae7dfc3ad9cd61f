import { type SessionCause } from '../../../conversation/observer.port.js';
import { GEN_AI_S, GEN_AI_TOKENS, WAITS_S } from '../buckets.js';
import { allOf, ifFailed, known, metricGroup, oneOf } from '../metric-spec.js';
import { FAILURE_CLASSES, MODEL_WORK } from '../reasons.js';
import { USES } from '../usage-figures.js';

export const SESSION_CAUSES = allOf<SessionCause>({
  begin: true,
  lost: true,
  renewal: true,
  moved: true,
  returned: true,
});
export const TOOL_KINDS = ['built-in', 'http', 'mcp'] as const;

const GEN_AI = {
  'gen_ai.operation.name': oneOf(['realtime_inference']),
  'gen_ai.provider.name': oneOf(['openai']),
  'gen_ai.request.model': known('OPENAI_REALTIME_MODEL'),
} as const;
const ERROR = ifFailed(FAILURE_CLASSES);

export const MODEL = metricGroup('Model', {
  'parley.model.connects': {
    kind: 'counter',
    unit: '{connect}',
    description: 'Sessions with the model that were opened, ahead of calls or for one, and those that could not be.',
    attributes: { outcome: oneOf(['opened', 'failed']) },
  },
  'parley.model.sessions.warm': {
    kind: 'up-down',
    unit: '{session}',
    description: 'Sessions that are connected and wait for a call.',
    attributes: {},
  },
  'parley.model.session.wait': {
    kind: 'histogram',
    unit: 's',
    description:
      'From the moment a call needs a session until it has one: near 0 from the warm ones. `cause`: the call begins, its session was lost, comes to its end, the call came from another pod, or back from a transfer.',
    attributes: { cause: oneOf(SESSION_CAUSES), 'error.type': ERROR },
    buckets: [0.005, 0.01, 0.025, ...WAITS_S, 20],
  },
  'parley.model.sessions.lost': {
    kind: 'counter',
    unit: '{session}',
    description: 'Sessions that were lost in the middle of a call.',
    attributes: {},
  },
  'parley.model.resumes': {
    kind: 'counter',
    unit: '{resume}',
    description: 'Times that a conversation went on in another session after it had lost one.',
    attributes: {},
  },
  'parley.model.errors': {
    kind: 'counter',
    unit: '{error}',
    description:
      "Errors by kind, and by what was under way: connecting, a call's session, a response, or a request that was refused while the session went on.",
    attributes: { during: oneOf(MODEL_WORK), 'error.type': oneOf(FAILURE_CLASSES) },
  },
  'parley.model.interruptions': {
    kind: 'counter',
    unit: '{interruption}',
    description: 'Times that a caller interrupted the assistant.',
    attributes: {},
  },
  'parley.model.unused_events': {
    kind: 'counter',
    unit: '{event}',
    description: 'Events of the model that Parley has no use for, known or not.',
    attributes: {},
  },
  'parley.model.invalid_events': {
    kind: 'counter',
    unit: '{event}',
    description: 'Events of the model that could not be read.',
    attributes: {},
  },
  'gen_ai.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'From the moment a response was asked for (or began) until the model was done with it.',
    attributes: { ...GEN_AI, 'error.type': ERROR },
    buckets: GEN_AI_S,
  },
  'gen_ai.client.operation.time_to_first_chunk': {
    kind: 'histogram',
    unit: 's',
    description: 'From the moment a response was asked for (or began) to its first audio from the model.',
    attributes: GEN_AI,
    buckets: GEN_AI_S,
  },
  'gen_ai.client.token.usage': {
    kind: 'histogram',
    unit: '{token}',
    description: 'Tokens of a response.',
    attributes: { ...GEN_AI, 'gen_ai.token.type': oneOf(['input', 'output']) },
    buckets: GEN_AI_TOKENS,
  },
  'gen_ai.execute_tool.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long a tool ran. `error.type`: it did not go well; why, the trace says.',
    attributes: {
      'gen_ai.tool.name': known('names in the configuration; `_OTHER` for tools at the model’s side'),
      kind: oneOf(TOOL_KINDS),
      'error.type': ifFailed(['failed']),
    },
    buckets: GEN_AI_S,
  },
});

export const MONEY = metricGroup('Tokens and money', {
  'parley.model.tokens': {
    kind: 'counter',
    unit: '{token}',
    description: 'Tokens of responses. Output is never cached.',
    attributes: {
      direction: oneOf(['input', 'output']),
      modality: oneOf(['text', 'audio']),
      cached: oneOf(['true', 'false']),
    },
  },
  'parley.model.transcribed': {
    kind: 'counter',
    unit: 's',
    description: 'Audio of callers that was written down, where that is charged by time.',
    attributes: {},
  },
  'parley.model.cost': {
    kind: 'counter',
    unit: '{USD}',
    description: 'What the model cost, in US dollars by the prices of the configuration.',
    attributes: { use: oneOf(USES) },
  },
  'parley.model.unpriced': {
    kind: 'counter',
    unit: '{use}',
    description: 'Responses and transcriptions without a known price: as long as this grows, the cost is too low.',
    attributes: { use: oneOf(USES) },
  },
});
