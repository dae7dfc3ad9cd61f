/** Log lines that nobody read, since the start. Standard output is one for the whole process; so is this. */
export const LOG_LOSSES = { lines: 0 };
