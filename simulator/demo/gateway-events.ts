import { type DemoEvent } from './demo-event.js';
import { type GatewayLine } from './gateway-process.js';

/** What an interruption left of an assistant's item, as the gateway logs it. */
export interface CutItem {
  heardMs: number;
  receivedMs: number;
  complete: boolean;
}

const WARNING = 40;
const ERROR = 50;

/** The item that an interruption cut short, if this line is about one. */
export function cutOf(line: GatewayLine): CutItem | undefined {
  const { cut } = line;
  if (line.msg !== 'the caller interrupts' || !Array.isArray(cut)) return undefined;
  return cut.filter(isCutItem).find(({ complete }) => !complete);
}

function isCutItem(value: unknown): value is CutItem {
  if (typeof value !== 'object' || value === null) return false;
  const { heardMs, receivedMs, complete } = value as Record<string, unknown>;
  return typeof heardMs === 'number' && typeof receivedMs === 'number' && typeof complete === 'boolean';
}

/** Whether the gateway tells that it goes on in a new session with the model. */
export function isResume({ resumes }: GatewayLine): boolean {
  return typeof resumes === 'number';
}

/** What the model's part of the call cost in US dollars, as the gateway says in the call's last line. */
export function costOf(lines: readonly GatewayLine[]): number | undefined {
  const conversation: unknown = lines.find(({ msg }) => msg === 'call ended')?.['conversation'];
  if (typeof conversation !== 'object' || conversation === null || !('costUsd' in conversation)) return undefined;
  return typeof conversation.costUsd === 'number' ? conversation.costUsd : undefined;
}

/** Whether the gateway complains. */
export function isComplaint(line: GatewayLine): boolean {
  return line.level >= WARNING;
}

/** A line of the gateway's log as a line of the demo; `dialledAt` in epoch milliseconds. */
export function gatewayEvent(line: GatewayLine, dialledAt: number): DemoEvent {
  const event: DemoEvent = { atMs: line.time - dialledAt, lane: 'gateway', text: line.msg };
  const cut = cutOf(line);
  if (cut !== undefined) {
    const heard = `${Math.round(cut.heardMs)} of ${Math.round(cut.receivedMs)} ms`;
    return { ...event, text: `the caller interrupts, having heard ${heard} of what was generated`, tone: 'mark' };
  }
  if (line.level >= ERROR) return { ...event, tone: 'problem' };
  if (line.level >= WARNING) {
    const { reason } = line;
    return { ...event, ...(typeof reason === 'string' && { text: `${line.msg}: ${reason}` }), tone: 'warning' };
  }
  const { answeredAfterMs, codec, endReason, keys, tool, tookMs } = line;
  if (typeof answeredAfterMs === 'number')
    return { ...event, text: `${line.msg}, ${answeredAfterMs} ms after the model noticed the end of the turn` };
  if (typeof keys === 'string') return { ...event, text: `${line.msg} (the log says ${keys}, not which)` };
  if (typeof tool === 'string' && typeof tookMs === 'number')
    return { ...event, text: `${line.msg}: ${tool}, ${tookMs} ms` };
  if (isResume(line)) return { ...event, tone: 'mark' };
  if (typeof codec === 'string') return { ...event, text: `${line.msg} (${codec})` };
  if (typeof endReason === 'string') return { ...event, text: `${line.msg} (${endReason})` };
  return event;
}
