import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { problem, type Problem } from './schemas.js';

/** A JSON Schema that says what the arguments of a tool are. */
export type ArgumentsSchema = Record<string, unknown>;

/** Says what is wrong with arguments, in words for the model that wrote them; undefined when nothing is. */
export type ArgumentsCheck = (value: unknown) => string | undefined;

/** Enough for the model to write them better; more would be read aloud. */
const MOST_ERRORS = 3;
const MOST_CHARACTERS = 400;

/**
 * Not strict: schemas come from other programs' documents, with keywords (`example`, `x-…`) that mean nothing here. Schemas
 * are not kept, so that two of them may have the same `$id`.
 */
const OPTIONS = { strict: false, allErrors: true, logger: false, addUsedSchema: false } as const;

/** One of each draft, made when first needed: a new one costs 10 to 30 ms, because it compiles the schema of schemas. */
const dialects: { newer?: Ajv2020; older?: Ajv } = {};

/** In: a JSON Schema of draft 2020-12, or of draft 7 or 6. Out: the check, or what is wrong with the schema. */
export function compileArguments(schema: ArgumentsSchema): ArgumentsCheck | Problem {
  if (schema['type'] !== 'object') return problem('must be a JSON Schema with "type": "object"');
  if (schema['$async'] !== undefined) return problem('must not be $async');
  const validate = compile(schema);
  if (typeof validate === 'string') return problem(`is no valid JSON Schema: ${validate}`);
  return (value) => (validate(value) ? undefined : words(validate.errors ?? []));
}

/** The schema as the model is told it: without what only names its dialect. */
export function declaredArguments(schema: ArgumentsSchema): ArgumentsSchema {
  const { $schema: _dialect, $id: _id, ...told } = schema;
  return told;
}

/** In the newer draft unless the schema says the older one, or can only be read as such (`items` as a list). */
function compile(schema: ArgumentsSchema): ValidateFunction | string {
  const dialect = schema['$schema'];
  const older = typeof dialect === 'string' && /draft-0[67]/.test(dialect);
  const told = declaredArguments(schema);
  const first = older ? compileOlder(told) : compileNewer(told);
  if (typeof first !== 'string' || older) return first;
  const second = compileOlder(told);
  return typeof second === 'string' ? first : second;
}

function compileNewer(schema: ArgumentsSchema): ValidateFunction | string {
  dialects.newer ??= withFormats(new Ajv2020(OPTIONS));
  return tryCompile(dialects.newer, schema);
}

function compileOlder(schema: ArgumentsSchema): ValidateFunction | string {
  dialects.older ??= withFormats(new Ajv(OPTIONS));
  return tryCompile(dialects.older, schema);
}

function withFormats<T extends Ajv>(ajv: T): T {
  addFormats.default(ajv);
  return ajv;
}

function tryCompile(ajv: Ajv, schema: ArgumentsSchema): ValidateFunction | string {
  try {
    return ajv.compile(schema);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'it cannot be compiled';
    return message.replace(/^schema is invalid: /, '').slice(0, MOST_CHARACTERS);
  }
}

function words(errors: readonly ErrorObject[]): string {
  const told = errors.slice(0, MOST_ERRORS).map((error) => {
    const where = error.instancePath.slice(1).replaceAll('/', '.');
    return `${where === '' ? 'the arguments' : where} ${error.message ?? 'is wrong'}${detail(error)}`;
  });
  return told.join('; ').slice(0, MOST_CHARACTERS);
}

/** What Ajv's messages leave out and the model needs in order to do better. */
function detail({ keyword, params }: ErrorObject): string {
  const { allowedValues, additionalProperty } = params as Record<string, unknown>;
  if (keyword === 'enum' && Array.isArray(allowedValues)) return `: ${JSON.stringify(allowedValues)}`;
  if (typeof additionalProperty === 'string') return `: ${additionalProperty}`;
  return '';
}
