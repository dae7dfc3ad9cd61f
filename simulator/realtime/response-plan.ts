/** A reply made ready for the wire: audio encoded, arguments as text, the rules for tools of MCP applied. */
export type PlannedItem =
  | { kind: 'message'; text: string; audio: Buffer; phase?: string | undefined }
  | { kind: 'function_call'; name: string; arguments: string; callId: string }
  | (PlannedMcp & {
      kind: 'mcp_call';
      approvalRequestId?: string;
      /** Only shown, under this item id: it does not run before it is approved. */
      heldAs?: string;
    })
  | (PlannedMcp & {
      kind: 'mcp_approval_request';
      /** The item under which the call was shown. */
      callItemId?: string;
    });

interface PlannedMcp {
  /** The server's label. */
  server: string;
  name: string;
  arguments: string;
}

/** Where a call of MCP was announced. */
export interface CallPlace {
  outputIndex: number;
  /** Absent: the call was made outside of a response. */
  responseId?: string;
  /** Id of the item before it in the conversation, null at the beginning; undefined: it is in no conversation. */
  previous: string | null | undefined;
}
