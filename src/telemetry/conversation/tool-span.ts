import { type TurnTool } from '../../conversation/observer.port.js';
import { type FinishedSpan } from '../trace/call-trace.js';
import { ATTRS, SPANS } from '../trace/names.js';
import { codeWord } from './failure-class.js';

/** @param content whether what it was given, and what came of it, may be shown. */
export function toolSpan(tool: TurnTool, turnNumber: number, content: boolean): FinishedSpan {
  const { toolCallId, kind, startedAtMs, endedAtMs, error, late, words } = tool;
  // What another server calls its tools is not for us to say; only what can be a tool's name becomes one of a span.
  const name = codeWord(tool.name);
  return {
    name: SPANS.tool(name),
    startMs: startedAtMs,
    endMs: Math.max(startedAtMs, endedAtMs),
    attributes: {
      [ATTRS.operation]: 'execute_tool',
      [ATTRS.toolName]: name,
      [ATTRS.toolCallId]: toolCallId,
      // The conventions': `function` runs on our side, `extension` on the model's.
      [ATTRS.toolType]: kind === 'mcp' ? 'extension' : 'function',
      [ATTRS.toolKind]: kind,
      [ATTRS.toolLate]: late,
      [ATTRS.turnNumber]: turnNumber,
      [ATTRS.toolArguments]: content ? words?.argumentsText || undefined : undefined,
      [ATTRS.toolResult]: content ? words?.output : undefined,
    },
    error: error === undefined ? undefined : codeWord(error),
  };
}
