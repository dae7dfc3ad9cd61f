import { type WrittenTools } from './tools-file.js';
import { isLoopback } from './urls.js';

/** Headers whose values are secrets wherever they are met. */
const SECRET_HEADER = /authorization|cookie|api-?key|token|secret/i;

/** What an operator should know about tools that work: one line each, without values. */
export function toolsWarnings(tools: WrittenTools): string[] {
  const warnings: string[] = [];
  for (const [index, tool] of tools.http.entries()) {
    const { protocol, hostname } = tool.url.example;
    if (protocol === 'http:' && !staysInside(hostname)) warnings.push(`TOOLS: http[${index}].url is not encrypted`);
    warnings.push(...plainSecrets(`http[${index}]`, tool.headers));
  }
  for (const [index, server] of tools.mcp.entries()) {
    // OpenAI calls it from outside, whatever its name.
    const { protocol, hostname } = server.url.example;
    if (protocol === 'http:' && !isLoopback(hostname)) warnings.push(`TOOLS: mcp[${index}].url is not encrypted`);
    const headers = { ...server.headers, ...(server.authorization && { authorization: server.authorization }) };
    warnings.push(...plainSecrets(`mcp[${index}]`, headers));
  }
  return warnings;
}

/** The machine itself, or a name that only a cluster's or a local network's own DNS knows. */
function staysInside(hostname: string): boolean {
  return isLoopback(hostname) || /^[a-z0-9-]+$|\.(svc|local|internal)$/i.test(hostname);
}

function plainSecrets(where: string, headers: Record<string, string>): string[] {
  return Object.entries(headers)
    .filter(([name, value]) => SECRET_HEADER.test(name) && !value.includes('${'))
    .map(
      ([name]) =>
        `TOOLS: ${where} has the value of ${name.toLowerCase()} in it; a TOOL_SECRET_ variable keeps it out of there`,
    );
}
