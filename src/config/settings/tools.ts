import { integer } from '../schemas.js';
import { settings } from '../setting.js';
import { toolsFile } from '../tools-file.js';
import { builtInTools, phoneNumber, transferTargets } from '../tools-setting.js';

export const tools = settings({
  BUILT_IN_TOOLS: {
    meaning:
      'What the assistant can do by itself, with commas between: `hang_up`, `transfer` (needs TRANSFER_TARGETS), `send_keys`, `skip_turn`; or `none`.',
    schema: builtInTools,
    default: 'hang_up,transfer',
  },
  TRANSFER_TARGETS: {
    meaning: 'Where the assistant may transfer a call, by name: `sales=+15550100001,front desk=sip:desk@example.com`.',
    schema: transferTargets,
  },
  TRANSFER_RING_S: {
    meaning: 'How long a transfer rings before the caller is back with the assistant.',
    schema: integer(5, 600, 's'),
    default: '30',
  },
  TRANSFER_FROM: {
    meaning: 'The number that the person called by a transfer sees.',
    schema: phoneNumber,
    defaultNote: 'the number that was called',
  },
  FALLBACK_NUMBER: {
    meaning:
      'When the assistant cannot go on, the caller is transferred here after an apology (a number or SIP address).',
    schema: phoneNumber,
    defaultNote: 'none: the call ends after the apology',
  },
  OVERFLOW_NUMBER: {
    meaning:
      'Calls that would be rejected as busy because this pod is full or overloaded are transferred here instead.',
    schema: phoneNumber,
    defaultNote: 'none: the caller hears the busy tone',
  },
  TOOLS: {
    meaning: 'Your own tools: HTTP endpoints and MCP servers, as JSON; see docs/tools.md. Easier as TOOLS_FILE.',
    schema: toolsFile,
    fromFile: 'text',
  },
});
