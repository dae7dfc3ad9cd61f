import { type CallReport } from './call-report.js';
import { exampleReport } from './docs.js';
import { reportDocument, reportSchema } from './report-document.js';

/** As a receiver reads it. */
function sent(report: CallReport): unknown {
  return JSON.parse(JSON.stringify(reportDocument(report)));
}

describe('the report of a call', () => {
  it('has the form that is documented, every field of it, and loses nothing to JSON', () => {
    for (const report of [exampleReport, { ...exampleReport, conversation: null }]) {
      expect(reportSchema.parse(sent(report))).toEqual(reportDocument(report));
      expect(sent(report)).toEqual(reportDocument(report));
    }
  });

  it('says null where a price, a word, a result or a number is not known', () => {
    const { conversation } = exampleReport;
    const [turn] = conversation?.turns ?? [];
    if (!conversation || !turn) throw new Error('the example has no turn');
    const report: CallReport = {
      ...exampleReport,
      sessionId: undefined,
      from: undefined,
      to: undefined,
      conversation: {
        ...conversation,
        costUsd: undefined,
        turns: [{ ...turn, costUsd: undefined }],
        transcript: [
          { kind: 'caller', atMs: 0, text: undefined },
          { kind: 'tool', atMs: 0, name: 'look_up', argumentsText: '{', output: undefined },
        ],
      },
    };
    expect(reportSchema.parse(sent(report)).data).toMatchObject({
      sessionId: null,
      from: null,
      to: null,
      conversation: { costUsd: null, turns: [{ costUsd: null }], transcript: [{ text: null }, { output: null }] },
    });
  });

  it('gives durations in whole milliseconds and dollars to a millionth', () => {
    const { conversation } = exampleReport;
    const report = {
      ...exampleReport,
      durationMs: 12_345.678,
      conversation: conversation && { ...conversation, costUsd: 0.1 + 0.2 },
    };
    expect(reportDocument(report).data).toMatchObject({ durationMs: 12_346, conversation: { costUsd: 0.3 } });
  });
});
