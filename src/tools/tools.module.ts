import { Global, Module } from '@nestjs/common';
import { ToolBox } from '../conversation/tools/tool.port.js';
import { HttpToolBox } from './http-tool-box.js';

/** The operator's own tools, behind the conversation's port. */
@Global()
@Module({
  providers: [HttpToolBox, { provide: ToolBox, useExisting: HttpToolBox }],
  exports: [ToolBox],
})
export class ToolsModule {}
