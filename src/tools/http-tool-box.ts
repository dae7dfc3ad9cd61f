import { Inject, Injectable } from '@nestjs/common';
import { declaredArguments } from '../config/argument-schema.js';
import { type Config } from '../config/config.js';
import { CONFIG } from '../config/config.token.js';
import { type OwnTool, ToolBox, type ToolDeclaration } from '../conversation/tools/tool.port.js';
import { HttpOwnTool } from './http-own-tool.js';
import { parleyVersion } from './version.js';

/** The HTTP tools of the configuration (TOOLS). Their schemas are compiled once, here. */
@Injectable()
export class HttpToolBox extends ToolBox {
  readonly declarations: readonly ToolDeclaration[];
  readonly #tools: ReadonlyMap<string, OwnTool>;

  constructor(@Inject(CONFIG) config: Config) {
    super();
    const { http } = config.tools;
    const userAgent = `parley/${parleyVersion()}`;
    this.declarations = http.map(({ name, description, parameters }) => {
      return { name, description, parameters: declaredArguments(parameters) };
    });
    this.#tools = new Map(http.map((tool) => [tool.name, new HttpOwnTool(tool, userAgent)]));
  }

  find(name: string): OwnTool | undefined {
    return this.#tools.get(name);
  }
}
