import { z } from 'zod';
import { compileArguments } from './argument-schema.js';
import { fromText, problem, Problem } from './schemas.js';
import { type Secret } from './secret.js';
import { secretNamesIn, SecretTemplate } from './secret-template.js';
import { mistakesIn, says } from './tools-file-mistakes.js';
import { BUILT_IN_TOOLS, HTTP_TOOL_METHODS, type McpServer, type ToolsFile } from './tools-setting.js';
import { UrlTemplate } from './url-template.js';

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** What Parley, fetch or OpenAI write themselves. */
const RESERVED_HEADERS =
  /^(host|connection|keep-alive|content-(length|type|encoding)|transfer-encoding|te|trailer|upgrade|expect|idempotency-key|parley-call-id)$/i;
/** All declarations go to the model with every session, and are paid for as text. */
const MOST_SCHEMA_CHARACTERS = 16_384;
const MOST_TOOLS = 64;
const MOST_SERVERS = 16;

/** Adds an issue unless all is well. */
function check<T>(wrongWith: (value: T) => Problem | string | undefined) {
  return (value: T, context: z.RefinementCtx): void => {
    const wrong = wrongWith(value);
    if (wrong === undefined) return;
    context.addIssue({ code: 'custom', message: wrong instanceof Problem ? wrong.message : wrong });
  };
}

function text(mostCharacters: number): z.ZodString {
  const words = says(`must be text of 1 to ${mostCharacters} characters`);
  return z.string(words).min(1, words).max(mostCharacters, words);
}

const name = z.string(says('must be text')).regex(NAME, says('must be 1 to 64 letters, digits, _ or -'));
const toolName = name.refine((text) => !(BUILT_IN_TOOLS as readonly string[]).includes(text), {
  error: 'is the name of a built-in tool',
});

function timeoutMs(least: number, most: number): z.ZodNumber {
  const words = says(`must be a whole number from ${least} to ${most} (ms)`);
  return z.int(words).min(least, words).max(most, words);
}

/** A header's value, still as written: `${TOOL_SECRET_…}` is put in later. */
const template = text(4096).superRefine(
  check((written) => {
    if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(written))
      return 'has characters that cannot travel in a header';
    const names = secretNamesIn(written);
    return names instanceof Problem ? names : undefined;
  }),
);

const headers = z.record(z.string(), template, says('must be an object of header names and values')).superRefine(
  check((record) => {
    const names = Object.keys(record);
    if (names.length > 32) return 'has more than 32 headers';
    if (!names.every((header) => HEADER_NAME.test(header))) return 'has a name that no header can have';
    const reserved = names.find((header) => RESERVED_HEADERS.test(header));
    if (reserved !== undefined) return `has ${reserved.toLowerCase()}, which is set for you`;
    const different = new Set(names.map((header) => header.toLowerCase()));
    return different.size < names.length ? 'has the same header twice' : undefined;
  }),
);

const parameters = z.record(z.string(), z.unknown(), says('must be a JSON Schema of an object')).superRefine(
  check((schema) => {
    if (JSON.stringify(schema).length > MOST_SCHEMA_CHARACTERS)
      return `is longer than ${MOST_SCHEMA_CHARACTERS} characters`;
    const compiled = compileArguments(schema);
    return compiled instanceof Problem ? compiled : undefined;
  }),
);

const url = z.string(says('must be a URL')).transform((written, context): UrlTemplate => {
  const parsed = UrlTemplate.parse(written);
  if (parsed instanceof UrlTemplate) return parsed;
  context.addIssue({ code: 'custom', message: parsed.message });
  return z.NEVER;
});

const httpTool = z
  .strictObject(
    {
      name: toolName,
      description: text(4000),
      parameters: parameters.default({ type: 'object', properties: {} }),
      url,
      method: z.enum(HTTP_TOOL_METHODS, says(`must be one of ${HTTP_TOOL_METHODS.join(', ')}`)).default('POST'),
      headers: headers.default({}),
      timeoutMs: timeoutMs(100, 120_000).default(8000),
      result: z.enum(['wait', 'later'], says('must be wait or later')).default('wait'),
    },
    says('must be an object'),
  )
  .superRefine((tool, context) => {
    for (const argument of tool.url.names) {
      const wrong = placeProblem(tool.parameters, argument);
      if (wrong === undefined) continue;
      context.addIssue({ code: 'custom', path: ['url'], message: `has {${argument}}, which ${wrong}` });
    }
  });

/** Why an argument cannot stand in the URL; there, one that may be missing or be an object has no meaning. */
function placeProblem(schema: Record<string, unknown>, argument: string): string | undefined {
  const { properties, required } = schema;
  const known = typeof properties === 'object' && properties !== null && Object.hasOwn(properties, argument);
  if (!known) return 'is none of the properties of its parameters';
  return Array.isArray(required) && required.includes(argument) ? undefined : 'is not required by its parameters';
}

const mcpServer = z
  .strictObject(
    {
      label: name,
      url: url.refine((written) => written.names.length === 0, { error: 'must not have {…}' }),
      description: text(4000).optional(),
      authorization: template.optional(),
      headers: headers.default({}),
      allowedTools: z.array(text(256), says('must be a list of names')).min(1, says('must not be empty')).optional(),
      essential: z.boolean(says('must be true or false')).default(false),
      listTimeoutMs: timeoutMs(100, 20_000).default(3000),
      approval: z
        .union(
          [
            z.enum(['never', 'approve', 'deny']).transform((word): McpServer['approval'] => {
              return word === 'never' ? { ask: false } : { ask: true, approve: word === 'approve' ? 'all' : 'none' };
            }),
            z.strictObject({ approve: z.array(text(256)) }).transform(({ approve }): McpServer['approval'] => {
              return { ask: true, approve };
            }),
          ],
          says('must be "never", "approve", "deny" or {"approve": [names of tools]}'),
        )
        .default({ ask: false }),
    },
    says('must be an object'),
  )
  .superRefine(
    check((server) => {
      const twice = Object.keys(server.headers).some((header) => header.toLowerCase() === 'authorization');
      return twice && server.authorization !== undefined
        ? 'has authorization twice, by itself and in headers'
        : undefined;
    }),
  );

function unique<T>(what: string, keyOf: (entry: T) => string) {
  return check((entries: T[]) =>
    new Set(entries.map(keyOf)).size < entries.length ? `has a ${what} twice` : undefined,
  );
}

const document = z.strictObject(
  {
    http: z
      .array(httpTool, says('must be a list'))
      .max(MOST_TOOLS, says(`must not have more than ${MOST_TOOLS} tools`))
      .superRefine(unique('name', (tool) => tool.name))
      .default([]),
    mcp: z
      .array(mcpServer, says('must be a list'))
      .max(MOST_SERVERS, says(`must not have more than ${MOST_SERVERS} servers`))
      .superRefine(unique('label', (server) => server.label))
      .default([]),
  },
  says('must be an object with "http" and "mcp"'),
);

/** The tools as they are written, with secrets still as names. */
export type WrittenTools = z.output<typeof document>;

/** TOOLS: JSON text. What is wrong is said in one message, each mistake with its path, none with its value. */
export const toolsFile = fromText((written): WrittenTools | Problem => {
  let json: unknown;
  try {
    json = JSON.parse(written);
  } catch (error) {
    // V8 ends some of its messages with a place; what comes before may repeat the text.
    const place = / \(line \d+ column \d+\)$/.exec(error instanceof Error ? error.message : '')?.[0];
    return problem(`is no JSON${place ?? ''}`);
  }
  const result = document.safeParse(json);
  return result.success ? result.data : problem(mistakesIn(result.error.issues));
});

/** The secrets that tools name, as often as they name them. */
export function secretNamesOf(tools: WrittenTools): string[] {
  return [...tools.http, ...tools.mcp]
    .flatMap((tool) => [...Object.values(tool.headers), ...('authorization' in tool ? [tool.authorization ?? ''] : [])])
    .flatMap((written) => {
      const names = secretNamesIn(written);
      return names instanceof Problem ? [] : names;
    });
}

/** The tools with their secrets. In: every secret that `secretNamesOf` gives. */
export function withSecrets(tools: WrittenTools, secrets: ReadonlyMap<string, Secret>): ToolsFile {
  const bind = (written: string): SecretTemplate => new SecretTemplate(written, secrets);
  const bindAll = (written: Record<string, string>): Record<string, SecretTemplate> =>
    Object.fromEntries(Object.entries(written).map(([header, value]) => [header, bind(value)]));
  return {
    http: tools.http.map((tool) => ({ ...tool, headers: bindAll(tool.headers) })),
    mcp: tools.mcp.map((server) => ({
      ...server,
      url: server.url.text,
      description: server.description,
      authorization: server.authorization === undefined ? undefined : bind(server.authorization),
      headers: bindAll(server.headers),
      allowedTools: server.allowedTools,
    })),
  };
}
