import { readFileSync } from 'node:fs';

const dockerfile = readFileSync('Dockerfile', 'utf8');

describe('the image', () => {
  it('has the Node.js that all was tested with', () => {
    const { optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    const [, version] = /^ARG NODE_IMAGE=\S+:([\d.]+)-/m.exec(dockerfile) ?? [];
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([version]));
  });

  it('starts what npm start starts', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    expect(['node', ...(JSON.parse(command) as string[])].join(' ')).toBe(scripts['start']);
  });
});
