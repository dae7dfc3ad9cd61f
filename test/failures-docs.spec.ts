import { existsSync, globSync, readFileSync } from 'node:fs';
import { END_REASONS, type EndReason } from '../src/calls/end-reason.js';
import { SETTINGS } from '../src/config/settings.js';
import { Counters } from '../src/telemetry/counters.js';

/** Rows whose test was there before this page, or cannot be done in real time: the test's own title, or a part of it. */
const TESTED_AS = new Map([
  ['model not reading', 'is lost when the service stops reading'],
  ['codec change refused', 'ends the session when it is refused by %s'],
  ['event unreadable', 'passes over what it cannot read, does not know, or that is binary'],
  ['stream refused', "does not let a socket serve another call than its token's"],
  ['audio piles up', "expect(events).toContain('overflow')"],
  ['transfer failed', 'brings the caller back when it ends with %s, and the assistant knows'],
  ['too many streams', 'serves answered calls above the limit of the pod, up to half as many again'],
  ['no stream address', 'to make a stream address from, and names PUBLIC_URL'],
  ['webhook not signed', 'refuses a webhook that somebody else has signed'],
  ['webhook in the wrong shape', 'says which setting of the portal is wrong when webhooks come in the shape of'],
  ['log not read', 'stops neither health checks nor webhooks nor calls, and is whole when it is read again'],
  ['stuck exporter', '%s costs no call, one line of the log a minute, and no time at the end'],
  ['log level changed', 'can be changed while calls go on, which follow it, and is told'],
  ['call record not kept', 'answers even when the directory is away'],
  ['told to leave', 'by Ctrl-C tells its callers, hangs up, and leaves'],
  ['pod killed, line dialled again', "['Telnyx dials again', { reconnect: 'redial'"],
  ['pod killed, told by webhook', "['streaming.failed comes'"],
  ['pod killed, nobody says so', "['nobody says anything', { lostStream: 'over' }]"],
  ['pod restarted at its address', 'after kill -9 and a restart at once, when %s,'],
  ['pod’s host silent', 'after the host of a pod has fallen silent'],
  ['frozen pod wakes up', 'the old owner finds that it is no longer that, and does nothing to the calls'],
  ['told to leave, with others', 'a pod that is told to leave, and to hand its calls over at once,'],
  ['told to leave, alone', 'says that new calls are to be delivered again while there is no other pod'],
  ['told twice to leave', 'leaves what is left to the other pods on a second signal, where there are any'],
  ['socket not relayed', 'takes a pod for dead that was restarted at its address, or listens no more'],
  ['relay stalls', 'gives a peer up that takes nothing for ten seconds'],
  ['relaying pod killed', 'ends the near socket when the pod at the far end is killed'],
  ['webhook at several pods', 'a webhook that reaches several pods'],
  ['secrets differ', 'tells its own log, once, that its signature is not taken'],
  ['clocks apart', 'whose clock is %i s off: %i'],
  ['fleet full', 'answers for the others as long as one has room, and rejects as busy when none has'],
  ['two pods without Redis', 'are one for a call that pod %i answers and whose socket reaches pod %i'],
  ['Redis away', "['is stopped, and comes back empty'"],
  ['Redis slow', 'answers late for a moment, keeps its connection'],
  ['Redis hangs', "['hangs, and goes on'"],
  ['Redis empty', "['is restarted empty'"],
  ['Redis read-only', 'became a replica that takes no writes, is away until it takes them again'],
  ['Redis master lost', 'goes to the new master when the old one dies'],
  ['Redis refuses access', 'as an ACL user that may do only what Parley does'],
  ['Redis holds something else', 'is said once where it is no record at all'],
  ['conversation unreadable', 'does not greet as if it were new, and asks the caller'],
  ['conversation not written', 'lets go of the oldest parts rather than fill the memory, and writes the others again'],
]);

const PAGE = readFileSync('docs/failures.md', 'utf8');
const ROWS = PAGE.split('\n')
  .filter((line) => line.startsWith('| **'))
  .map((line) => line.split('|').slice(1, -1))
  .map((cells) => ({ name: /\*\*(.+?)\*\*/.exec(cells[0] ?? '')?.[1] ?? '', cells }));

const read = (pattern: string): string[] =>
  globSync(pattern)
    .filter((path) => path !== 'test/failures-docs.spec.ts')
    .map((path) => readFileSync(path, 'utf8'));
const SPECS = ['test/*.spec.ts', 'test/{cluster,telemetry}/*.spec.ts', 'src/**/*.spec.ts'].flatMap(read).join('\n');
const SOURCES = globSync('src/**/*.ts').filter((path) => !/\.spec\.ts$|\/testing\/|src\/doctor\//.test(path));
const SOURCE = SOURCES.map((path) => readFileSync(path, 'utf8')).join('\n');

/** One of ours, or one that OpenTelemetry reads itself. */
const isSetting = (name: string): boolean => name in SETTINGS || name.startsWith('OTEL_');

/** What stands in backticks after one of these words, in a list with commas, `and` and `or` between. */
function named(word: string, text = PAGE): string[] {
  const lists = text.matchAll(
    new RegExp(`\\b${word} ((?:\`[^\`]+\`(?:,? (?:and |or )?)?(?:\\([^)]*\\) ?,? ?(?:or )?)?)+)`, 'g'),
  );
  return [...lists]
    .flatMap(([, list]) => [...(list ?? '').replace(/\([^)]*\)/g, '').matchAll(/`([^`]+)`/g)])
    .map(([, name]) => name ?? '');
}

/** Every warning and error that has a fixed beginning. */
function messages(): string[] {
  const calls = SOURCE.matchAll(
    /\blog(?:ger)?\.(?:warn|error)\(\s*(?:\{[^{}]*\},|\w+,)?\s*(?:'([^']+)'|"([^"]+)"|`([^`]+)`)/g,
  );
  const fixed = [...calls].map(([, single, double, template]) => single ?? double ?? template?.split('${')[0] ?? '');
  const waits = /WAIT_MESSAGE[^=]+= \{([^}]+)\}/.exec(SOURCE)?.[1] ?? '';
  return [...fixed, ...[...waits.matchAll(/:\s*'([^']+)',/g)].map(([, message]) => message ?? '')].filter(Boolean);
}

describe('docs/failures.md', () => {
  it('has rows, each with a name of its own and five cells', () => {
    expect(ROWS.length).toBeGreaterThan(60);
    expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
    expect(ROWS.filter(({ cells }) => cells.length !== 5).map(({ name }) => name)).toEqual([]);
  });

  it('has a test for every row', () => {
    const untested = ROWS.map(({ name }) => name).filter((name) => {
      const title = TESTED_AS.get(name);
      const escaped = name.replace(/[.]/g, '\\.');
      return !(title === undefined ? new RegExp(`['"\`]${escaped}[ :,(]`).test(SPECS) : SPECS.includes(title));
    });
    expect(untested).toEqual([]);
    expect([...TESTED_AS.keys()].filter((name) => !ROWS.some((row) => row.name === name))).toEqual([]);
  });

  it('names log lines that the gateway writes, and all that are warnings or errors', () => {
    const lines = named('log');
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter((line) => !SOURCE.includes(line))).toEqual([]);
    expect(messages().length).toBeGreaterThan(40);
    expect(
      messages().filter(
        (message) => ![...PAGE.matchAll(/`([^`]+)`/g)].some(([, text]) => message.startsWith(text ?? '')),
      ),
    ).toEqual([]);
  });

  it('names end reasons and counters that there are, and every end reason', () => {
    const counters = Object.keys(new Counters());
    expect(named('counter').filter((name) => !counters.includes(name))).toEqual([]);
    expect(named('counter').length).toBeGreaterThan(30);
    const ends = named('end');
    expect(END_REASONS.length).toBeGreaterThan(15);
    expect(ends.filter((reason) => !END_REASONS.includes(reason as EndReason))).toEqual([]);
    expect(END_REASONS.filter((reason) => !PAGE.includes(`\`${reason}\``))).toEqual([]);
  });

  it('names settings, codes and verdicts that there are', () => {
    const settings = [...PAGE.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name ?? '');
    expect(settings.filter((name) => name !== 'GET' && !isSetting(name))).toEqual([]);
    for (const { name, cells } of ROWS) {
      const other = [...(cells[4] ?? '').matchAll(/`([^`]+)`/g)].filter(([, setting]) => !isSetting(setting ?? ''));
      expect([name, other]).toEqual([name, []]);
    }
    const codes = [...PAGE.matchAll(/\((?:code|verdict|error:) ([^)]*)\)/g)].flatMap(([, list]) => [
      ...(list ?? '').matchAll(/`([^`]+)`/g),
    ]);
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.map(([, code]) => code ?? '').filter((code) => !SOURCE.includes(code))).toEqual([]);
  });
});

describe('docs/affinity.md', () => {
  const page = readFileSync('docs/affinity.md', 'utf8');
  const matches = (pattern: RegExp, text = page): string[] => [...text.matchAll(pattern)].map(([, name]) => name ?? '');

  it('names every kind of key in Redis', () => {
    const kinds = matches(/this\.key\(.+, '(\w+)'\)/g, readFileSync('src/affinity/directory/redis-keys.ts', 'utf8'));
    expect(kinds.length).toBeGreaterThan(8);
    const rows = matches(/^\| `parley:\{[^}]+\}:(\w+)` \|/gm);
    expect(rows.filter((kind) => kind !== 'probe').sort()).toEqual([...kinds].sort());
  });

  it('names log lines, counters, settings and files that there are', () => {
    const lines = named('log', page);
    expect(lines.length).toBeGreaterThan(15);
    expect(lines.filter((line) => !SOURCE.includes(line))).toEqual([]);
    const counters = Object.keys(new Counters());
    expect([...named('counter', page), ...named('Counters', page)].filter((name) => !counters.includes(name))).toEqual(
      [],
    );
    expect(matches(/`([A-Z]+_[A-Z_]+)`/g).filter((name) => !(name in SETTINGS))).toEqual([]);
    expect(matches(/`((?:src|test)\/[^`]+)`/g).filter((path) => !existsSync(path))).toEqual([]);
  });
});
