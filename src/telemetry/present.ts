/** The attributes that have a value: one that is undefined would be written out as an empty one. */
export function present<V>(attributes: Readonly<Record<string, V | undefined>>): Record<string, V> {
  const found: Record<string, V> = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}
