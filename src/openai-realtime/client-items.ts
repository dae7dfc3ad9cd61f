import { type HistoryItem } from '../conversation/model.port.js';

/** The items with which something earlier is put into a conversation. Spoken audio of the assistant's cannot be. */
export function itemsOf(history: HistoryItem): object[] {
  if (history.role === 'tool') {
    const { toolCallId, name, argumentsText, output } = history;
    return [
      { type: 'function_call', call_id: toolCallId, name, arguments: argumentsText },
      toolOutputItem(toolCallId, output),
    ];
  }
  const { role, text } = history;
  if (role === 'assistant') return [{ type: 'message', role, content: [{ type: 'output_text', text }] }];
  return [{ type: 'message', role: role === 'caller' ? 'user' : role, content: [{ type: 'input_text', text }] }];
}

/** What came of a call that the conversation knows. */
export function toolOutputItem(toolCallId: string, output: string): object {
  return { type: 'function_call_output', call_id: toolCallId, output };
}
