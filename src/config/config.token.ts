/** Injection token of the `Config`: `constructor(@Inject(CONFIG) config: Config)`. */
export const CONFIG = Symbol('CONFIG');
