import { type Logger } from 'pino';
import { type ToolWords } from '../observer.port.js';
import { type Timekeeper } from '../timeline/timekeeper.js';
import { AnswerGroup } from './answer-group.js';

export interface ModelSideToolsSurroundings {
  log: Logger;
  timekeeper: Timekeeper;
  /** The response that the model is writing. */
  presentResponseId(): string | undefined;
  /** The model is to be asked for an answer. */
  ask(): void;
  /** Something that others decide upon may have changed. */
  changed(): void;
}

/** Tools that run at the model's side. It keeps their results itself, but does not go on before it is asked to. */
export class ModelSideTools {
  private readonly running = new Map<string, AnswerGroup>();
  /** The calls of the response that is being written. */
  private present: AnswerGroup | undefined;

  constructor(private readonly around: ModelSideToolsSurroundings) {}

  get waiting(): boolean {
    return this.running.size > 0;
  }

  /** @param words filled in as they become known. */
  begun(id: string, name: string, words?: ToolWords): void {
    if (this.running.has(id)) return;
    this.around.log.info({ tool: name }, 'a tool runs at the model');
    this.around.timekeeper.toolBegun(id, name, 'mcp', { words });
    const group = this.group();
    group.begun();
    this.running.set(id, group);
    this.around.changed();
  }

  /** @param ok whether it did what it should. */
  done(id: string, name: string, ok: boolean): void {
    const group = this.running.get(id);
    if (!group) return;
    this.running.delete(id);
    this.around.timekeeper.toolDone(id, ok ? undefined : 'failed');
    this.around.log.info({ tool: name, ok }, 'tool at the model done');
    group.done(true);
    this.around.changed();
  }

  responseBegun(): void {
    this.present = undefined;
  }

  /** Calls at the model are told without their response; but one response runs at a time. */
  responseOver(): void {
    this.present?.responseOver();
    this.present = undefined;
    for (const group of new Set(this.running.values())) group.responseOver();
  }

  /** @returns whether the model owed an answer. */
  sessionLost(): boolean {
    const owed = this.waiting;
    for (const id of this.running.keys()) this.around.timekeeper.toolDone(id, 'session-lost');
    this.stop();
    return owed;
  }

  stop(): void {
    this.running.clear();
    this.present = undefined;
  }

  private group(): AnswerGroup {
    if (this.present) return this.present;
    const group = new AnswerGroup(() => this.around.ask());
    // One that was approved may begin when the response that asked for it is over.
    if (this.around.presentResponseId() !== undefined) this.present = group;
    else group.responseOver();
    return group;
  }
}
