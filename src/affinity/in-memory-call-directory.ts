import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CallDirectory, type CallRecord } from './call-directory.js';

/** Telnyx redelivers within minutes; ten cover every retry schedule it documents but the last. */
const EVENT_MEMORY_MS = 10 * 60_000;
/** Four hours is Telnyx's longest call; a record never outlives it by much. */
const RECORD_TTL_MS = 4.5 * 3_600_000;

/** The call directory of a single pod. */
@Injectable()
export class InMemoryCallDirectory extends CallDirectory {
  private readonly events = new LRUCache<string, true>({ max: 100_000, ttl: EVENT_MEMORY_MS });
  private readonly records = new LRUCache<string, CallRecord>({ max: 100_000, ttl: RECORD_TTL_MS });

  async firstSight(eventId: string): Promise<boolean> {
    if (this.events.has(eventId)) return false;
    this.events.set(eventId, true);
    return true;
  }

  async put(record: CallRecord): Promise<void> {
    this.records.set(record.callControlId, record);
  }

  async find(callControlId: string): Promise<CallRecord | undefined> {
    return this.records.get(callControlId);
  }

  async remove(callControlId: string): Promise<void> {
    this.records.delete(callControlId);
  }
}
