import { type LoggedEvent } from './event-log.js';

/** A `function_call_output` that the client sent. */
export interface FunctionOutput {
  callId: string;
  output: string;
}

/** An `mcp_approval_response` that the client sent. */
export interface Approval {
  requestId: string;
  approve: boolean;
  reason?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function itemsIn(events: readonly LoggedEvent[], type: string): Fields[] {
  return events
    .filter((event) => event.type === 'conversation.item.create')
    .map((event) => fieldsOf(event['item']))
    .filter((item) => item['type'] === type);
}

/** The function outputs among client events, in order, whether they were taken or not. */
export function functionOutputsIn(events: readonly LoggedEvent[]): FunctionOutput[] {
  return itemsIn(events, 'function_call_output').map((item) => ({
    callId: textOf(item['call_id']),
    output: textOf(item['output']),
  }));
}

/** The decisions on approval requests among client events, in order, whether they were taken or not. */
export function approvalsIn(events: readonly LoggedEvent[]): Approval[] {
  return itemsIn(events, 'mcp_approval_response').map((item) => ({
    requestId: textOf(item['approval_request_id']),
    approve: item['approve'] === true,
    ...(typeof item['reason'] === 'string' ? { reason: item['reason'] } : {}),
  }));
}

/** The `response` of every `response.create` among client events, in order; `{}` where there was none. */
export function responseCreatesIn(events: readonly LoggedEvent[]): Fields[] {
  return events.filter((event) => event.type === 'response.create').map((event) => fieldsOf(event['response']));
}
