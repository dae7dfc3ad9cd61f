import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config/config.token.js';
import { type Config } from '../../config/config.js';
import { builtInDeclarations } from './built-in-tools.js';
import { ToolBox, type ToolDeclaration } from './tool.port.js';

/** Every tool that the assistant may call here: Parley's own and the operator's. MCP tools are the model's side's affair. */
@Injectable()
export class AssistantTools {
  readonly declarations: readonly ToolDeclaration[];

  constructor(@Inject(CONFIG) config: Config, toolBox: ToolBox) {
    this.declarations = [
      ...builtInDeclarations(config.tools.builtIn, config.transfer.targets),
      ...toolBox.declarations,
    ];
  }
}
