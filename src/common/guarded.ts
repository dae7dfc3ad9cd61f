/** Something that can be called as a method, with whatever it takes. */
type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * The same object as seen through a guard: a method that throws, or whose promise rejects, reports it instead of taking
 * its caller down. Made once for an object; a call costs one function more.
 *
 * @param failed what was thrown, and where; should not throw itself.
 * @returns an object whose methods return what the real ones do, undefined where they threw; a rejected promise is
 * handed on as one that resolves to undefined. Fields are read from the real object, and cannot be set.
 */
export function guarded<T extends object>(target: T, failed: (error: unknown, method: string) => void): T {
  const shield: object = {};
  for (const name of membersOf(target)) {
    const method: unknown = descriptorOf(target, name)?.value;
    Object.defineProperty(
      shield,
      name,
      typeof method === 'function'
        ? { value: shielded(target, method as Method, name, failed), enumerable: true }
        : { get: () => Reflect.get(target, name) as unknown, enumerable: true },
    );
  }
  return shield as T;
}

function shielded(
  target: object,
  method: Method,
  name: string,
  failed: (error: unknown, method: string) => void,
): Method {
  return (...args) => {
    try {
      const result = method.apply(target, args);
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        failed(error, name);
      });
    } catch (error) {
      failed(error, name);
      return undefined;
    }
  };
}

/** Names of everything an object has, its classes' methods included. */
function membersOf(target: object): Set<string> {
  const names = new Set<string>();
  for (let object: object | null = target; object && object !== Object.prototype; object = prototypeOf(object)) {
    for (const name of Object.getOwnPropertyNames(object)) if (name !== 'constructor') names.add(name);
  }
  return names;
}

function descriptorOf(target: object, name: string): PropertyDescriptor | undefined {
  for (let object: object | null = target; object; object = prototypeOf(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(object, name);
    if (descriptor) return descriptor;
  }
  return undefined;
}

function prototypeOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}
