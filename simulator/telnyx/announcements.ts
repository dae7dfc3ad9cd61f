import { randomUUID } from 'node:crypto';
import { type HeardRecorder, type SpokenText } from './heard-recorder.js';
import { type TelnyxSwitches } from './switches.js';
import { type Timers } from './timers.js';

interface Playing {
  readonly cancel: () => void;
  readonly finish: (status: 'completed' | 'call_hangup' | 'cancelled') => void;
}

export interface AnnouncementsOptions {
  readonly switches: TelnyxSwitches;
  readonly timers: Timers;
  readonly heard: HeardRecorder;
  readonly emit: (eventType: string, more: Record<string, unknown>) => void;
  readonly onSpoken: (text: string) => void;
}

/** What Telnyx itself plays to the caller: texts (`speak`) and files (`playback_start`). Media is not mixed in. */
export class Announcements {
  private readonly playing = new Set<Playing>();

  constructor(private readonly options: AnnouncementsOptions) {}

  /** Reads `text` at the pace of the switch; `call.speak.ended` reports how it ended. */
  speak(text: string): void {
    const { switches, heard, emit, onSpoken } = this.options;
    const speakId = randomUUID();
    const startedAtMs = heard.elapsedMs;
    const spoken: SpokenText = { text, startedAtMs, endedAtMs: undefined, status: 'speaking' };
    heard.spoken.push(spoken);
    onSpoken(text);
    emit('call.speak.started', { speak_id: speakId });
    this.play(text.length * switches.speakMsPerCharacter, (status) => {
      spoken.endedAtMs = heard.elapsedMs;
      spoken.status = status;
      // The schema knows no word for "stopped by a command"; a stopped speak is reported as completed.
      emit('call.speak.ended', { speak_id: speakId, status: status === 'cancelled' ? 'completed' : status });
    });
  }

  /** @param media `media_url` or `media_name` as the webhooks repeat it */
  playback(media: Record<string, unknown>): void {
    this.options.emit('call.playback.started', { ...media, overlay: false });
    this.play(this.options.switches.playbackMs, (status) => {
      this.options.emit('call.playback.ended', { ...media, overlay: false, status, status_detail: status });
    });
  }

  /** Ends what is playing. */
  stop(status: 'cancelled' | 'call_hangup'): void {
    for (const item of [...this.playing]) {
      item.cancel();
      item.finish(status);
    }
  }

  private play(durationMs: number, ended: Playing['finish']): void {
    const item: Playing = {
      cancel: this.options.timers.after(durationMs, () => item.finish('completed')),
      finish: (status) => {
        if (this.playing.delete(item)) ended(status);
      },
    };
    this.playing.add(item);
  }
}
