/**
 * The frames of the wire, typed by the `openai` package (types only, so nothing of it is needed at run time).
 *
 * That package leaves out the nulls which the service really sends (`usage` of a running response, `transcription` that
 * is off). Where this file adds a null, `FitsOpenAi` below proves that nothing but the null differs.
 */
import type {
  ConversationItem,
  RealtimeResponse,
  RealtimeResponseStatus,
  RealtimeResponseUsage,
  RealtimeServerEvent,
  RealtimeSessionCreateRequest,
} from 'openai/resources/realtime/realtime';
import type { RealtimeSessionCreateResponse } from 'openai/resources/realtime/client-secrets';
import { type SessionConfig } from './session-config.js';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

interface WireItemBase {
  id: string;
  object: 'realtime.item';
  status: ItemStatus;
}

/** A tool in the listing of an MCP server. */
export interface WireMcpTool {
  name: string;
  description: string;
  input_schema: Record<string, unknown>;
  annotations?: Record<string, unknown>;
}

/** Why a call of an MCP server failed; of the three kinds only the tool's own failure has no code. */
export type WireMcpError =
  | { type: 'protocol_error'; code: number; message: string }
  | { type: 'tool_execution_error'; message: string }
  | { type: 'http_error'; code: number; message: string };

export type WireMcpItem = { id: string } & (
  | { type: 'mcp_list_tools'; server_label: string; tools: WireMcpTool[] }
  | {
      type: 'mcp_call';
      server_label: string;
      name: string;
      arguments: string;
      approval_request_id: string | null;
      output: string | null;
      error: WireMcpError | null;
    }
  | { type: 'mcp_approval_request'; server_label: string; name: string; arguments: string }
  | { type: 'mcp_approval_response'; approval_request_id: string; approve: boolean; reason: string | null }
);

type PlainWireItem = WireItemBase &
  (
    | { type: 'message'; role: 'system'; content: { type: 'input_text'; text: string }[] }
    | {
        type: 'message';
        role: 'user';
        content: (
          { type: 'input_text'; text: string } | { type: 'input_audio'; audio?: string; transcript: string | null }
        )[];
      }
    | {
        type: 'message';
        role: 'assistant';
        phase?: string;
        content: (
          { type: 'output_text'; text: string } | { type: 'output_audio'; audio?: string; transcript: string | null }
        )[];
      }
    | { type: 'function_call'; call_id: string; name: string; arguments: string }
    | { type: 'function_call_output'; call_id: string; output: string }
  );

export type WireItem = PlainWireItem | WireMcpItem;

export interface WireResponse extends Omit<
  RealtimeResponse,
  'id' | 'status' | 'status_details' | 'usage' | 'conversation_id' | 'output'
> {
  id: string;
  object: 'realtime.response';
  status: NonNullable<RealtimeResponse['status']>;
  status_details: RealtimeResponseStatus | null;
  usage: RealtimeResponseUsage | null;
  conversation_id: string | null;
  output: WireItem[];
}

/** The `error` object of an `error` event. */
export interface WireError {
  type: string;
  code: string | null;
  message: string;
  param: string | null;
}

type WithOurParts<E> = E extends { item: unknown }
  ? Omit<E, 'event_id' | 'item'> & { item: WireItem }
  : E extends { response: unknown }
    ? Omit<E, 'event_id' | 'response'> & { response: WireResponse }
    : E extends { session: unknown }
      ? Omit<E, 'event_id' | 'session'> & { session: SessionConfig }
      : Omit<E, 'event_id'>;

/** Every event that the double can send, without its `event_id`, which is given at the socket. */
export type ServerEvent = WithOurParts<RealtimeServerEvent>;
export type ServerEventType = ServerEvent['type'];

type WithoutNulls<T> = T extends null
  ? undefined
  : T extends (infer Element)[]
    ? WithoutNulls<Element>[]
    : T extends object
      ? { [Key in keyof T]: WithoutNulls<T[Key]> }
      : T;
type FitsOpenAi<Ours extends Theirs, Theirs> = Ours;

export type ItemCheck = FitsOpenAi<WithoutNulls<WireItem>, ConversationItem>;
export type ResponseCheck = FitsOpenAi<WithoutNulls<WireResponse>, WithoutNulls<RealtimeResponse>>;
export type SessionCheck = FitsOpenAi<WithoutNulls<SessionConfig>, WithoutNulls<RealtimeSessionCreateResponse>>;
export type SessionRequestCheck = FitsOpenAi<WithoutNulls<SessionConfig>, WithoutNulls<RealtimeSessionCreateRequest>>;
export type EventCheck = FitsOpenAi<
  WithoutNulls<ServerEvent & { event_id: string }>,
  WithoutNulls<RealtimeServerEvent>
>;
