import { jest } from '@jest/globals';

/**
 * These tests hold real calls in real time, and other tests run beside them: a machine that stands still for half a second is a
 * caller who pauses. One that fails is tried once more, and what it said the first time is printed.
 */
jest.retryTimes(1, { logErrorsBeforeRetry: true });
