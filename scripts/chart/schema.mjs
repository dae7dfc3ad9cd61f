import { definitions } from './definitions.mjs';

/** values.schema.json, whole. In: what `readValues` gives, and Parley's settings. Throws for a value that nothing describes. */
export function schemaOf({ defaults, sections }, settings) {
  const documented = new Map(sections.flatMap(({ values }) => values).map((value) => [value.path.join('.'), value]));
  return {
    // Draft 7: the newest that the schema checkers of both Helm 3 and Helm 4 take.
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart parley',
    ...objectSchema(defaults, [], documented),
    definitions: definitions(settings),
  };
}

function objectSchema(object, path, documented) {
  const properties = Object.entries(object).map(([key, value]) => [
    key,
    valueSchema(value, [...path, key], documented),
  ]);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}

function valueSchema(value, path, documented) {
  const entry = documented.get(path.join('.'));
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!entry) {
    if (isGroup) return objectSchema(value, path, documented);
    throw new Error(`values.yaml: ${path.join('.')} has no comment`);
  }
  const { meaning: description, schema } = entry;
  // Draft 7 does not look at what stands beside $ref, but editors do.
  if (schema?.$ref) return { description, ...schema };
  if (!schema && (isGroup || Array.isArray(value) || value === null)) {
    throw new Error(`values.yaml: ${path.join('.')} needs an @schema, because its default does not say what it is`);
  }
  return { description, ...(schema?.enum ? {} : { type: typeOf(value) }), ...schema };
}

function typeOf(value) {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
