import { z } from 'zod';
import { type CallReport } from './call-report.js';
import {
  assistantEntrySchema,
  callerEntrySchema,
  callSchema,
  conversationSchema,
  keysEntrySchema,
  reportDocument,
  reportSchema,
  toolEntrySchema,
  turnSchema,
  usageSchema,
} from './report-document.js';

export const BEGIN = '<!-- Written from src/report by `npm run build && node dist/src/report/write-docs.js`. -->';
export const END = '<!-- To here. -->';

/** Tables of docs/report.md, in its order. */
const TABLES: readonly (readonly [title: string, schema: z.ZodObject])[] = [
  ['The whole', reportSchema],
  ['`data`: the call', callSchema],
  ['`data.conversation`', conversationSchema],
  ['Transcript: the caller', callerEntrySchema],
  ['Transcript: the assistant', assistantEntrySchema],
  ['Transcript: keys', keysEntrySchema],
  ['Transcript: tools', toolEntrySchema],
  ['A turn', turnSchema],
  ['Usage', usageSchema],
];

const startMs = Date.UTC(2026, 10, 22, 9, 30);

/** The call of the documentation: its figures belong together, at the list prices of gpt-realtime-2.1 and gpt-transcribe. */
export const exampleReport: CallReport = {
  callId: 'v3:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ',
  sessionId: '428c31b6-abf3-3bc1-b7f4-5013ef9657c1',
  from: '+15550100001',
  to: '+15550100002',
  startedAt: new Date(startMs).toISOString(),
  endedAt: new Date(startMs + 31_480).toISOString(),
  durationMs: 31_480,
  endReason: 'assistant-hung-up',
  conversation: {
    transcript: [
      {
        kind: 'assistant',
        atMs: startMs + 1_650,
        text: 'Hello, this is the AI assistant of the Blue Door. How can I help you?',
        cut: false,
        heardShare: 1,
      },
      { kind: 'caller', atMs: startMs + 7_020, text: 'A table for two, tonight at eight.' },
      {
        kind: 'tool',
        atMs: startMs + 9_640,
        name: 'book_table',
        argumentsText: '{"guests":2,"time":"20:00"}',
        output: '{"booked":true}',
      },
      {
        kind: 'assistant',
        atMs: startMs + 10_720,
        text: 'Your table is booked. May I …',
        cut: true,
        heardShare: 0.412,
      },
      { kind: 'caller', atMs: startMs + 14_300, text: undefined },
      { kind: 'keys', atMs: startMs + 19_900, keys: '42#' },
    ],
    turns: [
      {
        turn: 1,
        callerEndedAtMs: startMs + 9_210,
        answeredAfterMs: 1_510,
        interrupted: true,
        usage: {
          inputTextTokens: 410,
          inputAudioTokens: 92,
          cachedTextTokens: 320,
          cachedAudioTokens: 64,
          outputTextTokens: 38,
          outputAudioTokens: 118,
        },
        costUsd: 0.0098736,
      },
    ],
    interruptions: 1,
    resumes: 0,
    usage: {
      inputTextTokens: 700,
      inputAudioTokens: 92,
      cachedTextTokens: 576,
      cachedAudioTokens: 64,
      outputTextTokens: 62,
      outputAudioTokens: 240,
    },
    transcriptionSeconds: 6.2,
    costUsd: 0.018961,
  },
};

/** What stands between the marks of docs/report.md: the example, and every field. Pure. */
export function formOfReport(): string {
  return [
    '```json',
    JSON.stringify(reportDocument(exampleReport), null, 2),
    '```',
    '',
    ...TABLES.flatMap(([title, schema]) => [
      `### ${title}`,
      '',
      '| field | type | meaning |',
      '|---|---|---|',
      ...Object.entries(schema.shape).map(
        ([name, field]) => `| \`${name}\` | ${typeOf(jsonSchema(field))} | ${jsonSchema(field).description ?? ''} |`,
      ),
      '',
    ]),
  ].join('\n');
}

/** docs/report.md with its written part replaced. Throws where the marks are missing. */
export function withForm(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('docs/report.md has lost its marks');
  return `${page.slice(0, begin + BEGIN.length)}\n\n${formOfReport()}\n${page.slice(end)}`;
}

interface JsonSchema {
  type?: string | string[];
  format?: string;
  description?: string;
  const?: string | number;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
}

function jsonSchema(field: unknown): JsonSchema {
  return z.toJSONSchema(field as z.ZodType) as JsonSchema;
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.format === 'date-time') return 'time';
  if (schema.type === 'array') return `list of ${schema.items?.oneOf ? 'entries' : 'objects'}`;
  return [schema.type ?? 'anything'].flat().join(' or ');
}
