import { type ArgumentsCheck, compileArguments } from '../config/argument-schema.js';
import { Problem } from '../config/schemas.js';
import { type HttpTool } from '../config/tools-setting.js';
import { type OwnTool, type ToolCallIdentity, type ToolOutcome } from '../conversation/tools/tool.port.js';
import { readArguments } from './arguments.js';
import { failure, refusalWords, success, type ToolFailure } from './outcome.js';
import { sendRequest } from './send-request.js';
import { toolRequest } from './tool-request.js';

/** A tool that is an HTTP endpoint. */
export class HttpOwnTool implements OwnTool {
  readonly name: string;
  readonly result: 'wait' | 'later';
  readonly #check: ArgumentsCheck;

  constructor(
    private readonly tool: HttpTool,
    private readonly userAgent: string,
  ) {
    this.name = tool.name;
    this.result = tool.result;
    const check = compileArguments(tool.parameters);
    if (check instanceof Problem) throw new Error(`tool ${tool.name}: its parameters ${check.message}`);
    this.#check = check;
  }

  async run(argumentsText: string, call: ToolCallIdentity, signal: AbortSignal): Promise<ToolOutcome> {
    try {
      return await this.#run(argumentsText, call, signal);
    } catch {
      // Whatever it was, the model gets a word, and the caller an answer.
      return this.#failure({ code: 'failed' });
    }
  }

  async #run(argumentsText: string, call: ToolCallIdentity, signal: AbortSignal): Promise<ToolOutcome> {
    const read = readArguments(argumentsText, this.#check);
    if ('wrong' in read) return this.#failure({ code: 'bad-arguments', detail: read.wrong });
    const request = toolRequest(this.tool, read.values, call, this.userAgent);
    if ('wrong' in request) {
      return this.#failure({ code: 'bad-arguments', detail: `${request.wrong} cannot be used as it is` });
    }
    const answer = await sendRequest(request, this.tool.timeoutMs, signal);
    if ('broken' in answer) return this.#failure({ code: answer.broken });
    const { status, body } = answer;
    if (body === undefined || status > 299) {
      const words = body !== undefined && 'text' in body && body.json ? refusalWords(body.text) : undefined;
      return this.#failure({ code: 'http', status, words });
    }
    return 'text' in body ? success(body.text) : this.#failure({ code: body.wrong });
  }

  #failure(why: ToolFailure): ToolOutcome {
    return failure(this.tool.method, why);
  }
}
