import { type BuiltInTool, type TransferTarget } from '../../config/tools-setting.js';
import { type ToolDeclaration } from './tool.port.js';

/** What the model is told about the tools that Parley brings, in the order of the configuration. */
export function builtInDeclarations(
  builtIn: readonly BuiltInTool[],
  targets: readonly TransferTarget[],
): ToolDeclaration[] {
  // Without anybody to transfer to there is no transfer.
  return builtIn
    .filter((tool) => tool !== 'transfer' || targets.length > 0)
    .map((tool) => ({ name: tool, ...describe(tool, targets) }));
}

function describe(tool: BuiltInTool, targets: readonly TransferTarget[]): Omit<ToolDeclaration, 'name'> {
  switch (tool) {
    case 'hang_up':
      return {
        description:
          'Ends the phone call. Use it when the caller has said goodbye or wants nothing more. Say goodbye to the caller ' +
          'in the same turn, before you call this: the call ends when they have heard it.',
        parameters: noArguments(),
      };
    case 'transfer':
      return {
        description:
          'Connects the caller with a person. Tell the caller in one short sentence that you are putting them through, in ' +
          'the same turn, before you call this. If nobody answers, you will be back with the caller and told so.',
        parameters: {
          type: 'object',
          properties: {
            to: {
              type: 'string',
              enum: targets.map(({ name }) => name),
              description: 'Who the caller is connected with.',
            },
          },
          required: ['to'],
          additionalProperties: false,
        },
      };
    case 'send_keys':
      return {
        description:
          'Presses telephone keys towards the other side, for example to answer a menu of an automatic system.',
        parameters: {
          type: 'object',
          properties: { keys: { type: 'string', pattern: '^[0-9A-D*#]{1,32}$', description: 'The keys, in order.' } },
          required: ['keys'],
          additionalProperties: false,
        },
      };
    case 'skip_turn':
      return {
        description:
          'Says nothing now and keeps listening. Use it when what you heard was not meant for you, or the caller asked for ' +
          'a moment.',
        parameters: noArguments(),
      };
  }
}

function noArguments(): Record<string, unknown> {
  return { type: 'object', properties: {}, additionalProperties: false };
}
